import type { Compute } from "@mainstay/compute/compute.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseEndpoint, parseLock, parseSpec, parseSync } from "@mainstay/dcs/records.ts";
import type { Store, StoredValue } from "@mainstay/dcs/store.ts";
import type { InstanceHealth } from "../../observed/health.ts";
import type { ObservedInstances } from "../../observed/observed-instances.ts";
import type { Database } from "../../store/database.ts";
import { findInstance } from "../../store/instances.ts";
import { recentReplacements as recent } from "../../store/replacements.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";

export interface ObservePorts {
  readonly db: Database;
  readonly store: Store;
  readonly compute: Compute;
  readonly observed: ObservedInstances;
  readonly replaceAfterMs: number;
}

/** Reads everything anew: another replica may have taken the last step. */
export async function observeInstance(
  id: string,
  { db, store, compute, observed, replaceAfterMs }: ObservePorts,
  signal: AbortSignal,
): Promise<SeenInstance> {
  const [record, hosts, nodes, values, recentReplacements] = await Promise.all([
    findInstance(db, id),
    compute.hosts(signal),
    compute.nodes(signal),
    store.list(instanceKeys(id).prefix, { timeoutMs: 3_000, signal }),
    recent(db, id),
  ]);
  const computeNodeIds = nodes.filter(({ instanceId }) => instanceId === id).map((node) => node.id);
  const health = record ? observed.health(record, values) : nothing;
  const stored = readStored(id, values);
  return { record, hosts, computeNodeIds, stored, health, replaceAfterMs, recentReplacements };
}

const nothing: InstanceHealth = { leader: undefined, nodes: new Map(), trouble: undefined };

function readStored(id: string, values: readonly StoredValue[]): StoredInstance {
  const keys = instanceKeys(id);
  const read = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const found = values.find((value) => value.key === key);
    return found && parse(found.value);
  };
  return {
    hasKeys: values.length > 0,
    conditions: [keys.spec, keys.endpoint, keys.sync].map((key) => ({
      key,
      modRevision: values.find((value) => value.key === key)?.modRevision,
    })),
    spec: read(keys.spec, parseSpec),
    endpoint: read(keys.endpoint, parseEndpoint),
    lock: read(keys.lock, parseLock),
    sync: read(keys.sync, parseSync),
  };
}
