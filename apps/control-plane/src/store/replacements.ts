/** Of lost nodes: at most a few an hour, so that an instance does not wander from host to host (F48). */
import { sql } from "kysely";
import type { Database } from "./database.ts";

export const replacementsPerHour = 3;

export async function recentReplacements(db: Database, instanceId: string): Promise<number> {
  const { count } = await db
    .selectFrom("replacements")
    .select((eb) => eb.fn.countAll<string>().as("count"))
    .where("instance_id", "=", instanceId)
    .where("at", ">", sql<Date>`now() - interval '1 hour'`)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function recordReplacement(
  trx: Database,
  instanceId: string,
  generation: number,
): Promise<void> {
  await trx.insertInto("replacements").values({ instance_id: instanceId, generation }).execute();
}

export async function clearReplacements(trx: Database, instanceId: string): Promise<void> {
  await trx.deleteFrom("replacements").where("instance_id", "=", instanceId).execute();
}
