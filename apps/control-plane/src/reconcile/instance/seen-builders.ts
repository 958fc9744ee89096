/** Observations for tests, which state only what differs. */
import type { Host } from "@mainstay/compute/compute.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type { InstanceRecord } from "../../store/instances.ts";
import type { InstanceRow, NodeRow } from "../../store/schema.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";

export const id = "0a1b2c3d-0000-4000-8000-000000000000";
export const host = (number: number, changes: Partial<Host> = {}): Host => ({
  id: `host-${number}`,
  zone: `fr-par-${number}`,
  state: "running",
  nodeIds: [],
  ...changes,
});

export function node(ordinal: number, changes: Partial<NodeRow> = {}): NodeRow {
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

export function record(changes: Partial<InstanceRow> = {}, nodes: readonly NodeRow[] = [node(1), node(2)]) {
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
  const endpoint = { id, instance_id: id, address: "127.0.0.1", port: 20_000, has_answered: true };
  return { instance, nodes, endpoint, rules: [] } satisfies InstanceRecord;
}

export const spec = {
  generation: 1,
  instanceId: id,
  members: [],
  bootstrapNode: "pg-0a1b2c3d-1",
  durability: "available" as const,
  timing: timingPresets.fast,
};
export const endpoint = {
  generation: 1,
  endpointId: id,
  instanceId: id,
  address: "127.0.0.1",
  port: 20_000,
  allowedRanges: [],
};
export const lock = {
  term: 1,
  holder: "pg-0a1b2c3d-1",
  bootId: "b",
  phase: "serving" as const,
  timing: timingPresets.fast,
  seq: 1,
};
export const sync = {
  term: 1,
  leader: "pg-0a1b2c3d-1",
  mode: "sync" as const,
  members: ["pg-0a1b2c3d-2"],
  systemId: "7",
  takeovers: [],
  lossTerm: 0,
};

export function seen(
  changes: Partial<SeenInstance> = {},
  stored: Partial<StoredInstance> = {},
): SeenInstance {
  return {
    record: record(),
    hosts: [host(1), host(2), host(3)],
    computeNodeIds: ["pg-0a1b2c3d-1", "pg-0a1b2c3d-2"],
    stored: { hasKeys: true, conditions: [], spec, endpoint, lock, sync, ...stored },
    health: { leader: lock.holder, nodes: new Map(), trouble: undefined },
    replaceAfterMs: 30_000,
    recentReplacements: 0,
    ...changes,
  };
}
