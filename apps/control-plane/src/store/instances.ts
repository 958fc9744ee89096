import type { InstancesQuery } from "@mainstay/api-contract/instances.ts";
import { type Insertable, type Selectable, sql, type Updateable } from "kysely";
import type { Database } from "./database.ts";
import type { AclRow, EndpointRow, InstanceRow, InstancesTable, NodeRow } from "./schema.ts";

/** An instance with everything that belongs to it. */
export interface InstanceRecord {
  readonly instance: InstanceRow;
  readonly nodes: readonly NodeRow[];
  readonly endpoint: EndpointRow | undefined;
  readonly rules: readonly AclRow[];
}

export async function findInstance(db: Database, id: string): Promise<InstanceRecord | undefined> {
  const instance = await db.selectFrom("instances").selectAll().where("id", "=", id).executeTakeFirst();
  return instance && (await withParts(db, [instance]))[0];
}

/** Locks the row until the end of the transaction, so that writes to one instance follow each other. */
export function lockInstance(
  trx: Database,
  id: string,
  organizationId: string,
): Promise<Selectable<InstancesTable> | undefined> {
  return trx
    .selectFrom("instances")
    .selectAll()
    .where("id", "=", id)
    .where("organization_id", "=", organizationId)
    .forUpdate()
    .executeTakeFirst();
}

/**
 * Locks the row until the end of the transaction, if it is still as it was seen: a delete, a change, or a step of
 * another pass or replica that came meanwhile left another status or generation.
 */
export async function lockIfUnchanged(
  trx: Database,
  { id, generation, status }: InstanceRow,
): Promise<boolean> {
  const current = await trx
    .selectFrom("instances")
    .select("id")
    .where("id", "=", id)
    .where("generation", "=", generation)
    .where("status", "=", status)
    .forUpdate()
    .executeTakeFirst();
  return current !== undefined;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

export async function listInstances(
  db: Database,
  organizationId: string,
  query: InstancesQuery,
  page: Page,
): Promise<{ records: InstanceRecord[]; total: number }> {
  const tags = [query.tags ?? []].flat().filter(Boolean);
  let filtered = db.selectFrom("instances").where("organization_id", "=", organizationId);
  if (query.project_id) filtered = filtered.where("project_id", "=", query.project_id);
  if (query.name)
    filtered = filtered.where((eb) => eb(eb.fn("strpos", ["name", eb.val(query.name)]), ">", 0));
  if (tags.length > 0) filtered = filtered.where(sql<boolean>`tags @> ${sql.val(tags)}`);
  const { total } = await filtered
    .select((eb) => eb.fn.countAll<string>().as("total"))
    .executeTakeFirstOrThrow();
  const [column, direction] = orderOf(query.order_by);
  const rows = await filtered
    .selectAll()
    .orderBy(column, direction)
    .orderBy("id")
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { records: await withParts(db, rows), total: Number(total) };
}

function orderOf(order = "created_at_asc"): ["created_at" | "name" | "region" | "status", "asc" | "desc"] {
  const direction = order.endsWith("_desc") ? "desc" : "asc";
  if (order.startsWith("name")) return ["name", direction];
  if (order.startsWith("status")) return ["status", direction];
  return order === "region" ? ["region", "asc"] : ["created_at", direction];
}

async function withParts(db: Database, instances: readonly InstanceRow[]): Promise<InstanceRecord[]> {
  if (instances.length === 0) return [];
  const ids = instances.map(({ id }) => id);
  const [nodes, endpoints, rules] = await Promise.all([
    db.selectFrom("nodes").selectAll().where("instance_id", "in", ids).orderBy("ordinal").execute(),
    db.selectFrom("endpoints").selectAll().where("instance_id", "in", ids).execute(),
    // As addresses: 9.0.0.0/8 comes before 10.0.0.0/8.
    db.selectFrom("acl_rules").selectAll().where("instance_id", "in", ids).orderBy(sql`ip::inet`).execute(),
  ]);
  return instances.map((instance) => ({
    instance,
    nodes: nodes.filter((node) => node.instance_id === instance.id),
    endpoint: endpoints.find((endpoint) => endpoint.instance_id === instance.id),
    rules: rules.filter((rule) => rule.instance_id === instance.id),
  }));
}

export async function insertInstance(trx: Database, row: Insertable<InstancesTable>): Promise<void> {
  await trx.insertInto("instances").values(row).execute();
}

export async function updateInstance(
  db: Database,
  id: string,
  changes: Updateable<InstancesTable>,
): Promise<void> {
  await db.updateTable("instances").set(changes).where("id", "=", id).execute();
}

/** Those that a reconciler still has work with. */
export async function unsettledInstanceIds(db: Database): Promise<string[]> {
  const unready = db.selectFrom("instances").select("id").where("status", "!=", "ready");
  const leaving = db.selectFrom("nodes").select("instance_id as id").where("state", "!=", "member");
  const rows = await unready.union(leaving).execute();
  return rows.map(({ id }) => id);
}

export async function readyInstances(db: Database): Promise<InstanceRecord[]> {
  return withParts(db, await db.selectFrom("instances").selectAll().where("status", "=", "ready").execute());
}

/** Everything of the instance; the metering rows stay. */
export async function deleteInstanceRows(trx: Database, id: string): Promise<void> {
  await trx.deleteFrom("acl_rules").where("instance_id", "=", id).execute();
  await trx.deleteFrom("endpoints").where("instance_id", "=", id).execute();
  await trx.deleteFrom("nodes").where("instance_id", "=", id).execute();
  await trx.deleteFrom("instances").where("id", "=", id).execute();
}
