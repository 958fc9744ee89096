import type { Database } from "./database.ts";
import type { NodeRow } from "./schema.ts";

export type Placement = Pick<NodeRow, "id" | "ordinal" | "host_id" | "zone">;

/** Repeatable: a node that was placed before stays where it is. */
export async function insertPlacements(
  db: Database,
  instanceId: string,
  placements: readonly Placement[],
): Promise<void> {
  const rows = placements.map((placement) => ({
    ...placement,
    instance_id: instanceId,
    address: null,
    port: null,
    is_started: false,
  }));
  await db
    .insertInto("nodes")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Of every instance. */
export function listNodeIds(db: Database): Promise<Pick<NodeRow, "id" | "instance_id">[]> {
  return db.selectFrom("nodes").select(["id", "instance_id"]).execute();
}

export async function deleteNodeRows(db: Database, instanceId: string, ids: readonly string[]) {
  await db
    .deleteFrom("nodes")
    .where("instance_id", "=", instanceId)
    .where("id", "in", [...ids])
    .execute();
}

export async function setNodeState(trx: Database, ids: readonly string[], state: NodeRow["state"]) {
  await trx
    .updateTable("nodes")
    .set({ state })
    .where("id", "in", [...ids])
    .execute();
}

export async function recordAddress(db: Database, id: string, address: string, port: number): Promise<void> {
  await db.updateTable("nodes").set({ address, port }).where("id", "=", id).execute();
}

export async function recordStarted(trx: Database, ids: readonly string[]): Promise<void> {
  await trx.updateTable("nodes").set({ is_started: true }).where("id", "in", ids).execute();
}
