import { listenFault } from "@mainstay/runtime/listen-fault.ts";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import type { EndpointRow } from "./schema.ts";

export interface PortRange {
  readonly address: string;
  readonly firstPort: number;
  readonly lastPort: number;
}

/**
 * Whether another program listens there: the endpoint would never answer. An address of another machine, where
 * balancers may run, cannot be asked about.
 */
async function isTaken(address: string, port: number): Promise<boolean> {
  return (await listenFault(address, port))?.code === "EADDRINUSE";
}

/** Takes the lowest port of the range that nobody has; undefined when none is left. Inside a transaction. */
export async function insertEndpoint(
  trx: Database,
  id: string,
  instanceId: string,
  { address, firstPort, lastPort }: PortRange,
): Promise<number | undefined> {
  await sql`select pg_advisory_xact_lock(hashtext('mainstay.endpoint-ports'))`.execute(trx);
  const taken = await trx.selectFrom("endpoints").select("port").where("address", "=", address).execute();
  const ports = new Set(taken.map((row) => row.port));
  let port = firstPort;
  while (port <= lastPort && (ports.has(port) || (await isTaken(address, port)))) port += 1;
  if (port > lastPort) return undefined;
  const row = { id, instance_id: instanceId, address, port, has_answered: false };
  await trx.insertInto("endpoints").values(row).execute();
  return port;
}

export function findEndpointRow(db: Database, id: string): Promise<EndpointRow | undefined> {
  return db.selectFrom("endpoints").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function deleteEndpointRow(trx: Database, id: string): Promise<void> {
  await trx.deleteFrom("endpoints").where("id", "=", id).execute();
}

export async function recordAnswer(trx: Database, id: string): Promise<void> {
  await trx.updateTable("endpoints").set({ has_answered: true }).where("id", "=", id).execute();
}
