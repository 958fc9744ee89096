import type { Database } from "./database.ts";

export interface Rule {
  readonly ip: string;
  readonly description: string;
}

/** Adds; the description of a range that is there already is replaced. */
export async function putRules(trx: Database, instanceId: string, rules: readonly Rule[]): Promise<void> {
  if (rules.length === 0) return;
  await trx
    .insertInto("acl_rules")
    .values(rules.map(({ ip, description }) => ({ instance_id: instanceId, ip, description })))
    .onConflict((conflict) =>
      conflict.columns(["instance_id", "ip"]).doUpdateSet((eb) => ({
        description: eb.ref("excluded.description"),
      })),
    )
    .execute();
}

/** Removes the given ranges, or all; tells which there were. */
export function removeRules(trx: Database, instanceId: string, ips?: readonly string[]) {
  let query = trx.deleteFrom("acl_rules").where("instance_id", "=", instanceId);
  if (ips) query = query.where("ip", "in", ips.length > 0 ? ips : [""]);
  return query.returningAll().execute();
}
