import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "@mainstay/compute/compute.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type { InstanceRecord } from "../../store/instances.ts";
import type { InstanceRow, NodeRow } from "../../store/schema.ts";
import { decideInstance } from "./decide.ts";
import { choosePlacements } from "./place.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";

const id = "0a1b2c3d-0000-4000-8000-000000000000";
const host = (number: number, changes: Partial<Host> = {}): Host => ({
  id: `host-${number}`,
  zone: `fr-par-${number}`,
  state: "running",
  nodeIds: [],
  ...changes,
});

function node(ordinal: number, changes: Partial<NodeRow> = {}): NodeRow {
  const place = { host_id: `host-${ordinal}`, zone: `fr-par-${ordinal}`, address: `127.1.0.${ordinal}` };
  const row = {
    id: `pg-0a1b2c3d-${ordinal}`,
    instance_id: id,
    ordinal,
    port: 5432,
    is_started: true,
  } as const;
  return { ...row, ...place, state: "member", ...changes };
}

function record(changes: Partial<InstanceRow> = {}, nodes: readonly NodeRow[] = [node(1), node(2)]) {
  const preferences = {
    backupFrequencyHours: 24,
    backupRetentionDays: 7,
    isBackupDisabled: false,
    isBackupSameRegion: false,
    logsMaxAgeDays: 30,
    logsMaxBytes: null,
  };
  const instance: InstanceRow = {
    id,
    name: "orders",
    organization_id: id,
    project_id: id,
    region: "fr-par",
    engine_major: 15,
    plan: "db-dev-s",
    is_ha: true,
    tags: [],
    preferences,
    durability: "available",
    timing: "fast",
    status: "provisioning",
    status_reason: "",
    generation: 1,
    admin_name: null,
    admin_verifier: null,
    created_at: new Date(0),
    ready_at: null,
    ...changes,
  };
  const endpoint = { id, instance_id: id, address: "127.0.0.1", port: 20_000 };
  return { instance, nodes, endpoint, rules: [] } satisfies InstanceRecord;
}

const spec = {
  generation: 1,
  instanceId: id,
  members: [],
  bootstrapNode: "pg-0a1b2c3d-1",
  durability: "available" as const,
  timing: timingPresets.fast,
};
const endpoint = {
  generation: 1,
  endpointId: id,
  instanceId: id,
  address: "127.0.0.1",
  port: 20_000,
  allowedRanges: [],
};
const lock = { term: 1, holder: "pg-0a1b2c3d-1", bootId: "b", phase: "serving" as const, seq: 1 };
const sync = {
  term: 1,
  leader: "pg-0a1b2c3d-1",
  mode: "sync" as const,
  members: ["pg-0a1b2c3d-2"],
  systemId: "7",
  takeovers: [],
};

function seen(changes: Partial<SeenInstance> = {}, stored: Partial<StoredInstance> = {}): SeenInstance {
  return {
    record: record(),
    hosts: [host(1), host(2), host(3)],
    computeNodeIds: ["pg-0a1b2c3d-1", "pg-0a1b2c3d-2"],
    stored: { hasKeys: true, conditions: [], spec, endpoint, lock, sync, ...stored },
    ...changes,
  };
}

const stepOf = (observation: SeenInstance) => decideInstance(observation).step;

test("a new instance gets its nodes placed, reserved, published and started, in this order", () => {
  const stored = { spec: undefined, endpoint: undefined, lock: undefined, sync: undefined };
  const unreserved = node(2, { address: null });
  const unstarted = node(2, { is_started: false });
  assert.equal(stepOf(seen({ record: record({}, []) }, stored)), "place");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unreserved]) }, stored)), "reserve");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unstarted]) }, stored)), "publish");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unstarted]) }, { lock: undefined })), "start");
});

test("an instance is probed only when its leader serves and its standby is synchronous", () => {
  assert.equal(stepOf(seen({}, { lock: undefined })), "wait");
  assert.equal(stepOf(seen({}, { lock: { ...lock, phase: "claimed" } })), "wait");
  assert.equal(stepOf(seen({}, { sync: { ...sync, mode: "async", members: [] } })), "wait");
  assert.equal(stepOf(seen()), "probe");
});

test("a changed generation is published before the instance is ready again", () => {
  const changed = record({ status: "configuring", generation: 2 });
  assert.equal(stepOf(seen({ record: changed })), "publish");
  const published = { spec: { ...spec, generation: 2 }, endpoint: { ...endpoint, generation: 2 } };
  assert.equal(stepOf(seen({ record: changed }, published)), "mark-ready");
});

test("a delete takes clients, nodes, keys and rows, in this order, in any state", () => {
  const deleting = record({ status: "deleting" });
  const nodeless = record({ status: "deleting" }, []);
  const gone = { record: nodeless, computeNodeIds: [] };
  assert.equal(stepOf(seen({ record: deleting })), "withdraw-endpoint");
  assert.equal(stepOf(seen({ record: deleting }, { endpoint: undefined })), "delete-nodes");
  assert.equal(stepOf(seen({ record: nodeless }, { endpoint: undefined })), "delete-nodes");
  assert.equal(stepOf(seen(gone, { endpoint: undefined })), "delete-keys");
  assert.equal(stepOf(seen(gone, { endpoint: undefined, hasKeys: false })), "delete-rows");
});

test("nodes of an instance never share a host, and share a zone only when there is no other", () => {
  const hosts = [
    host(1, { zone: "z1" }),
    host(2, { zone: "z1" }),
    host(3, { zone: "z2", nodeIds: ["a", "b"] }),
  ];
  const places = (available: readonly Host[]) =>
    choosePlacements(available, id, [], 2)?.map(({ host_id }) => host_id);
  assert.deepEqual(places(hosts), ["host-1", "host-3"]);
  assert.deepEqual(places(hosts.slice(0, 2)), ["host-1", "host-2"]);
  assert.equal(places([host(1), host(2, { state: "down" })]), undefined);
});
