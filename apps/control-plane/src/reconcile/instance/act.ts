import { findPlan } from "@mainstay/api-contract/plans.ts";
import type { StoreAccess } from "@mainstay/dcs/access.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { Condition, Write } from "@mainstay/dcs/store.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { recordEvent } from "../../store/events.ts";
import { type InstanceRecord, updateInstance } from "../../store/instances.ts";
import { meter } from "../../store/metering.ts";
import { insertPlacements, recordAddress, recordStarted } from "../../store/nodes.ts";
import type { NodeRow } from "../../store/schema.ts";
import { deleteKeys, deleteNodes, deleteRows, withdrawEndpoint } from "./act-deletion.ts";
import { condemn, markAutohealing, reinstate, replace } from "./act-healing.ts";
import type { InstanceStep } from "./instance-step.ts";
import { type NodeFilesPorts, nodeFiles } from "./node-files.ts";
import type { ObservePorts } from "./observe.ts";
import type { Probe } from "./probe.ts";

export interface ActPorts extends ObservePorts, NodeFilesPorts {
  readonly access: StoreAccess;
  readonly probe: Probe;
}

export type Outcome =
  | { readonly kind: "again" }
  | { readonly kind: "wait"; readonly forMs: number }
  | { readonly kind: "settled" };

const again: Outcome = { kind: "again" };
const callMs = 3_000;

/** Carries out one step of the instance. Chooses nothing; every step may be repeated. */
export async function actOnInstance(
  step: InstanceStep,
  record: InstanceRecord,
  ports: ActPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { id } = record.instance;
  switch (step.step) {
    case "settled":
      return { kind: "settled" };
    case "wait":
      return { kind: "wait", forMs: step.forMs };
    case "look-later":
      return { kind: "settled" };
    case "mark-autohealing":
      await markAutohealing(record, step.reason, ports.db);
      return again;
    case "replace":
      await replace(record, step, ports.db);
      return again;
    case "reinstate":
      await reinstate(record, step, ports.db);
      return again;
    case "condemn":
      await condemn(record, step.nodeIds, ports.db);
      return again;
    case "place":
      await insertPlacements(ports.db, id, step.placements);
      return again;
    case "reserve":
      await reserve(step.nodes, ports, signal);
      return again;
    case "publish":
      await publish(record, step.conditions, ports, signal);
      return again;
    case "start":
      await start(record, step.nodes, ports, signal);
      return again;
    case "probe":
      return probe(record, ports, signal);
    case "mark-ready":
      await markReady(record, ports);
      return again;
    case "withdraw-endpoint":
      await withdrawEndpoint(id, ports, signal);
      return again;
    case "delete-nodes":
      await deleteNodes(id, step.nodeIds, ports, signal);
      return again;
    case "delete-keys":
      await deleteKeys(id, ports, signal);
      return again;
    case "delete-rows":
      await deleteRows(record, ports);
      return again;
  }
}

async function reserve(nodes: readonly NodeRow[], { compute, db }: ActPorts, signal: AbortSignal) {
  const reserveOne = async ({ id, instance_id, host_id }: NodeRow) => {
    const { address, port } = await compute.reserveNode(id, instance_id, host_id, signal);
    await recordAddress(db, id, address, port);
  };
  await Promise.all(nodes.map(reserveOne));
}

async function publish(
  record: InstanceRecord,
  conditions: readonly Condition[],
  ports: ActPorts,
  signal: AbortSignal,
): Promise<void> {
  const { instance, endpoint, rules } = record;
  const nodes = record.nodes.filter(({ state }) => state === "member");
  const keys = instanceKeys(instance.id);
  const { generation, id: instanceId } = instance;
  const members = nodes.map(({ id, address, port }) => ({ id, address: address ?? "", port: port ?? 0 }));
  const spec = formatRecord({
    generation,
    instanceId,
    members,
    bootstrapNode: members[0]?.id ?? "",
    durability: instance.durability,
    timing: timingPresets[instance.timing],
  });
  const writes: Write[] = [{ put: keys.spec, value: spec }];
  if (endpoint) {
    const { id: endpointId, address, port } = endpoint;
    const allowedRanges = rules.map(({ ip }) => ip);
    const value = formatRecord({ generation, endpointId, instanceId, address, port, allowedRanges });
    writes.push({ put: keys.endpoint, value });
  } else {
    writes.push({ delete: keys.endpoint });
  }
  // Refused when somebody else wrote meanwhile: the next pass looks again.
  await ports.store.transact(conditions, writes, { timeoutMs: callMs, signal });
}

async function start(
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
  const allowed = ports.access.allowNodes(instance.id, ids, { timeoutMs: callMs, signal });
  const startOne = async (row: NodeRow) => {
    const node = await ports.compute.reserveNode(row.id, instance.id, row.host_id, signal);
    const files = await nodeFiles(record, row, node, engine, ports);
    const spec = { id: row.id, instanceId: instance.id, hostId: row.host_id, volumeBytes, files };
    await allowed;
    await ports.compute.startNode({ ...spec, engineMajor: instance.engine_major }, signal);
  };
  await Promise.all([allowed, ...rows.map(startOne)]);
  await ports.db.transaction().execute(async (trx) => {
    await recordStarted(trx, ids);
    // The first node holds the verifier now; nothing else needs it.
    await updateInstance(trx, instance.id, { admin_verifier: null });
    const inputs = Object.fromEntries(rows.map(({ id, host_id }) => [id, host_id]));
    const reason = "its nodes run";
    await recordEvent(trx, instance.id, { kind: "status", action: "nodes-started", reason, term: 0, inputs });
  });
}

async function probe(record: InstanceRecord, ports: ActPorts, signal: AbortSignal): Promise<Outcome> {
  const { instance, endpoint } = record;
  if (!endpoint) return again;
  const { address, port } = endpoint;
  if (!(await ports.probe({ instanceId: instance.id, address, port }, signal))) {
    return { kind: "wait", forMs: 25 };
  }
  await markReady(record, ports);
  return again;
}

/** Only for what was seen: a delete or a change that came meanwhile has another status or generation. */
async function markReady({ instance }: InstanceRecord, { db }: ActPorts): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const changed = await trx
      .updateTable("instances")
      .set({ status: "ready", status_reason: "", ready_at: instance.ready_at ?? new Date() })
      .where("id", "=", instance.id)
      .where("status", "=", instance.status)
      .where("generation", "=", instance.generation)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    await meter(trx, instance, "started");
    const reason =
      instance.status === "provisioning" ? "a query through the endpoint succeeded" : "as desired";
    const inputs = { before: instance.status, generation: instance.generation };
    await recordEvent(trx, instance.id, { kind: "status", action: "ready", reason, term: 0, inputs });
  });
}
