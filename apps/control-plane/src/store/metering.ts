import type { Database } from "./database.ts";
import type { InstanceRow } from "./schema.ts";

/** Once per instance and event: a repeated step records nothing new. */
export async function meter(trx: Database, instance: InstanceRow, event: "started" | "ended"): Promise<void> {
  await trx
    .insertInto("metering")
    .values({
      instance_id: instance.id,
      project_id: instance.project_id,
      plan: instance.plan,
      node_count: instance.is_ha ? 2 : 1,
      event,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
