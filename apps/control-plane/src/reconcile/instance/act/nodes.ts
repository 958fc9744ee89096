/** The steps that bring nodes to life: an address, then rights, files and processes. */
import { findPlan } from "@mainstay/api-contract/plans.ts";
import { recordStatus } from "../../../store/events.ts";
import { type InstanceRecord, updateInstance } from "../../../store/instances.ts";
import { recordAddress, recordStarted } from "../../../store/nodes.ts";
import type { NodeRow } from "../../../store/schema.ts";
import type { ActPorts } from "../act.ts";
import { nodeFiles } from "../node-files.ts";

const timeoutMs = 3_000;

export async function reserveNodes(
  nodes: readonly NodeRow[],
  { compute, db }: ActPorts,
  signal: AbortSignal,
) {
  const reserveOne = async ({ id, instance_id, host_id }: NodeRow) => {
    const { address, port } = await compute.reserveNode(id, instance_id, host_id, signal);
    await recordAddress(db, id, address, port);
  };
  await Promise.all(nodes.map(reserveOne));
}

export async function startNodes(
  record: InstanceRecord,
  rows: readonly NodeRow[],
  ports: ActPorts,
  signal: AbortSignal,
): Promise<void> {
  const { instance } = record;
  const engines = await ports.compute.engines(signal);
  const engine = engines.find(({ major }) => major === instance.engine_major);
  if (!engine) throw new Error(`PostgreSQL ${instance.engine_major} is not installed any more`);
  const volumeBytes = findPlan(instance.plan)?.volumeBytes ?? 0;
  const ids = rows.map(({ id }) => id);
  const allowed = ports.access.allowNodes(instance.id, ids, { timeoutMs, signal });
  const startOne = async (row: NodeRow) => {
    const node = await ports.compute.reserveNode(row.id, instance.id, row.host_id, signal);
    const files = await nodeFiles(record, node, engine, ports);
    const spec = { id: row.id, instanceId: instance.id, hostId: row.host_id, volumeBytes, files };
    await allowed;
    await ports.compute.startNode({ ...spec, engineMajor: instance.engine_major }, signal);
  };
  await Promise.all([allowed, ...rows.map(startOne)]);
  await ports.db.transaction().execute(async (trx) => {
    await recordStarted(trx, ids);
    // The nodes hold the verifier now; nothing else needs it.
    await updateInstance(trx, instance.id, { admin_verifier: null });
    const inputs = Object.fromEntries(rows.map(({ id, host_id }) => [id, host_id]));
    const reason = "its nodes run";
    await recordStatus(trx, instance.id, "nodes-started", reason, inputs);
  });
}
