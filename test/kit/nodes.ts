/** Real nodes of one instance: supervisors with PostgreSQL on loopback addresses, beside a real etcd. */
import { createHash, randomUUID } from "node:crypto";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "@mainstay/compute/local/image.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { ClusterSpec, Durability } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { endedWhenCutShort } from "./cut-short.ts";
import { type EtcdOptions, startEtcd, type TestEtcd } from "./etcd.ts";
import { type InstanceRecords, instanceRecords } from "./instance-records.ts";
import { makeNode, type TestNode } from "./node.ts";
import { unprivilegedUser } from "./user.ts";

const agentSources = join(import.meta.dirname, "../../apps/agent/src");

export interface TestInstance extends InstanceRecords, AsyncDisposable {
  readonly etcd: TestEtcd;
  readonly nodes: readonly TestNode[];
  node(id: string): TestNode;
  /** The node that serves, when it does; `isSync`: commits wait for a standby. */
  served(wanted: Serving): Promise<TestNode>;
}

interface Serving {
  readonly by?: string;
  readonly notBy?: string;
  readonly isSync?: boolean;
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
  const image = join(dir, "image");
  await buildImage(agentSources, image);
  const store = parts.use(connectEtcd(etcd.settings));
  const nodes: TestNode[] = [];
  const octet = 16 + ((createHash("sha256").update(dir).digest()[0] ?? 0) % 200);
  for (let ordinal = 1; ordinal <= count; ordinal++) {
    const address = `127.${octet}.0.${ordinal}`;
    const input = { etcd, dir, image, id, ordinal, user, volumeBytes, hasOwnClock: hasOwnClocks, address };
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
  const put = { put: instanceKeys(id).spec, value: formatRecord(spec) };
  await store.transact([], [put], { timeoutMs: 3_000, signal: AbortSignal.timeout(3_000) });
  const records = instanceRecords(id, store);
  const node = (nodeId: string) => nodes.find((one) => one.id === nodeId) as TestNode;
  const running = parts.move();
  return endedWhenCutShort({
    ...{ ...records, etcd, nodes, node },
    async served(wanted) {
      const look = async () => {
        const holder = await servingHolder(records, wanted);
        return holder === undefined ? undefined : node(holder);
      };
      return waitFor(look, { what: "serving leader", timeoutMs: 60_000, everyMs: 20 });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  });
}

async function servingHolder(
  records: InstanceRecords,
  { by, notBy, isSync }: Serving,
): Promise<string | undefined> {
  const [lock, sync] = [await records.lock(), await records.sync()];
  if (lock?.phase !== "serving" || lock.holder === notBy) return undefined;
  if (by !== undefined && lock.holder !== by) return undefined;
  if (isSync !== undefined && (sync?.mode === "sync") !== isSync) return undefined;
  if (isSync && (await records.status(sync?.members[0] ?? ""))?.role !== "standby") return undefined;
  return lock.holder;
}
