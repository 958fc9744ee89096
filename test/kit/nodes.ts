/** Real nodes of one instance: supervisors with PostgreSQL on loopback addresses, beside a real etcd. */
import { createHash, randomUUID } from "node:crypto";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { eventKeys, instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseEvent, parseLock, parseNodeStatus, parseSpec, parseSync } from "@mainstay/dcs/records.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type {
  ClusterSpec,
  Durability,
  LockRecord,
  NodeStatus,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { type EtcdOptions, startEtcd, type TestEtcd } from "./etcd.ts";
import { makeNode, type TestNode } from "./node.ts";
import { unprivilegedUser } from "./user.ts";

const options = { timeoutMs: 3_000, signal: new AbortController().signal };

export interface TestInstance extends AsyncDisposable {
  readonly id: string;
  readonly store: Store;
  readonly etcd: TestEtcd;
  readonly keys: ReturnType<typeof instanceKeys>;
  readonly nodes: readonly TestNode[];
  node(id: string): TestNode;
  lock(): Promise<LockRecord | undefined>;
  sync(): Promise<SyncRecord | undefined>;
  status(nodeId: string): Promise<NodeStatus | undefined>;
  /** What its nodes have told, in the order of time. */
  events(): Promise<InstanceEvent[]>;
  /** As the control plane asks for another leader, in the term that is now. */
  ask(wanted: Pick<SwitchoverRequest, "kind" | "target" | "acceptLoss">): Promise<void>;
  /** As the control plane changes an instance: the next generation of its specification. */
  specify(changes: Partial<ClusterSpec>): Promise<void>;
  /** As if an hour had passed: tests bring more failures than the budget of an hour allows. */
  forgetTakeovers(): Promise<void>;
  /** The node that serves, when it does; `isSync`: commits wait for a standby. */
  served(wanted: { by?: string; notBy?: string; isSync?: boolean }): Promise<TestNode>;
}

export interface InstanceOptions {
  readonly etcd?: EtcdOptions;
  /** Each node's volume is a file system of this size, where that can be done. */
  readonly volumeBytes?: number;
  readonly durability?: Durability;
  /** Each node has a wall clock that can be set, where that can be done. */
  readonly hasOwnClocks?: boolean;
}

export async function startInstance(
  count: number,
  { etcd: etcdOptions, volumeBytes, durability = "available", hasOwnClocks }: InstanceOptions = {},
): Promise<TestInstance> {
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "mainstay-nodes-"));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const etcd = parts.use(await startEtcd(etcdOptions));
  const user = await unprivilegedUser();
  await chown(dir, user.uid, user.gid);
  const id = randomUUID();
  const keys = instanceKeys(id);
  const store = parts.use(connectEtcd(etcd.settings));
  const nodes: TestNode[] = [];
  const octet = 16 + ((createHash("sha256").update(dir).digest()[0] ?? 0) % 200);
  for (let ordinal = 1; ordinal <= count; ordinal++) {
    const address = `127.${octet}.0.${ordinal}`;
    const input = { etcd, dir, id, ordinal, user, volumeBytes, hasOwnClock: hasOwnClocks, address };
    nodes.push(parts.use(await makeNode(input)));
  }
  const spec: ClusterSpec = {
    generation: 1,
    instanceId: id,
    members: nodes.map((node) => ({ id: node.id, address: node.address, port: 5432 })),
    bootstrapNode: nodes[0]?.id ?? "",
    durability,
    timing: timingPresets.fast,
  };
  await store.transact([], [{ put: keys.spec, value: formatRecord(spec) }], options);
  const read = async <T>(key: string, parse: (text: string) => T) => {
    const found = await store.get(key, options).catch(() => undefined);
    return found && parse(found.value);
  };
  const node = (nodeId: string) => nodes.find((one) => one.id === nodeId) as TestNode;
  const instance = {
    id,
    store,
    etcd,
    keys,
    nodes,
    node,
    lock: () => read(keys.lock, parseLock),
    sync: () => read(keys.sync, parseSync),
    status: (nodeId: string) => read(keys.node(nodeId), parseNodeStatus),
    async events() {
      const values = await store.list(eventKeys(id).prefix, options);
      return values.map(({ value }) => parseEvent(value)).toSorted((a, b) => (a.at < b.at ? -1 : 1));
    },
    async ask(wanted: Pick<SwitchoverRequest, "kind" | "target" | "acceptLoss">) {
      const term = (await instance.lock())?.term ?? 0;
      const value = formatRecord({ id: randomUUID(), term, reason: "asked for by a test", ...wanted });
      await store.transact([], [{ put: keys.switchover, value }], options);
    },
    specify: (changes: Partial<ClusterSpec>) => specify(store, keys.spec, changes),
    forgetTakeovers: () => forgetTakeovers(store, keys.sync),
    async served({ by, notBy, isSync }: { by?: string; notBy?: string; isSync?: boolean }) {
      const look = async () => {
        const [lock, sync] = [await instance.lock(), await instance.sync()];
        if (lock?.phase !== "serving" || lock.holder === notBy) return undefined;
        if (by !== undefined && lock.holder !== by) return undefined;
        if (isSync !== undefined && (sync?.mode === "sync") !== isSync) return undefined;
        if (isSync && (await instance.status(sync?.members[0] ?? ""))?.role !== "standby") return undefined;
        return node(lock.holder);
      };
      return waitFor(look, { what: "serving leader", timeoutMs: 60_000, everyMs: 20 });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  const running = parts.move();
  return instance;
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
