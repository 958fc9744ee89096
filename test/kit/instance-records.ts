/** What a test reads of an instance in the store, and writes there in the control plane's place. */
import { randomUUID } from "node:crypto";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { eventKeys, instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseEvent, parseLock, parseNodeStatus, parseSpec, parseSync } from "@mainstay/dcs/records.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type {
  ClusterSpec,
  LockRecord,
  NodeStatus,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";

const options = { timeoutMs: 3_000, signal: new AbortController().signal };

export interface InstanceRecords {
  readonly id: string;
  readonly store: Store;
  readonly keys: ReturnType<typeof instanceKeys>;
  lock(): Promise<LockRecord | undefined>;
  sync(): Promise<SyncRecord | undefined>;
  status(nodeId: string): Promise<NodeStatus | undefined>;
  /** What its nodes have told, in the order of time. */
  events(): Promise<InstanceEvent[]>;
  /** Resolves with the newest of them that fits, with its outcome where that was told too. */
  told(fits: (event: InstanceEvent) => boolean): Promise<InstanceEvent>;
  /** As the control plane asks for another leader, in the term that is now. */
  ask(wanted: Pick<SwitchoverRequest, "kind" | "target" | "acceptLoss">): Promise<void>;
  /** As the control plane changes an instance: the next generation of its specification. */
  specify(changes: Partial<ClusterSpec>): Promise<void>;
  /** As if an hour had passed: tests bring more failures than the budget of an hour allows. */
  forgetTakeovers(): Promise<void>;
}

export function instanceRecords(id: string, store: Store): InstanceRecords {
  const keys = instanceKeys(id);
  const read = async <T>(key: string, parse: (text: string) => T) => {
    const found = await store.get(key, options).catch(() => undefined);
    return found && parse(found.value);
  };
  const lock = () => read(keys.lock, parseLock);
  const events = async () => {
    const values = await store.list(eventKeys(id).prefix, options);
    return values.map(({ value }) => parseEvent(value)).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  };
  return {
    ...{ id, store, keys, lock, events },
    sync: () => read(keys.sync, parseSync),
    status: (nodeId) => read(keys.node(nodeId), parseNodeStatus),
    told(fits) {
      const newest = async () => {
        const found = (await events()).filter(fits);
        return found.findLast(({ tookMs }) => tookMs !== undefined) ?? found.at(-1);
      };
      return waitFor(newest, { what: "event", timeoutMs: 10_000 });
    },
    async ask(wanted) {
      const term = (await lock())?.term ?? 0;
      const value = formatRecord({ id: randomUUID(), term, reason: "asked for by a test", ...wanted });
      await store.transact([], [{ put: keys.switchover, value }], options);
    },
    specify: (changes) => specify(store, keys.spec, changes),
    forgetTakeovers: () => forgetTakeovers(store, keys.sync),
  };
}

async function specify(store: Store, key: string, changes: Partial<ClusterSpec>): Promise<void> {
  const now = parseSpec((await store.get(key, options))?.value ?? "");
  const value = formatRecord({ ...now, ...changes, generation: now.generation + 1 });
  await store.transact([], [{ put: key, value }], options);
}

async function forgetTakeovers(store: Store, key: string): Promise<void> {
  const found = await store.get(key, options);
  if (!found) return;
  const value = formatRecord({ ...parseSync(found.value), takeovers: [] });
  await store.transact([{ key, modRevision: found.modRevision }], [{ put: key, value }], options);
}
