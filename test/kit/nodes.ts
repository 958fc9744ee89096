/** Real nodes of one instance: supervisors with PostgreSQL on loopback addresses, beside a real etcd. */
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, createAuthority } from "@mainstay/certificates/authority.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { eventKeys, instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseEvent, parseLock, parseNodeStatus, parseSync } from "@mainstay/dcs/records.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { ClusterSpec, LockRecord, NodeStatus, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { findEngines } from "@mainstay/postgres/engines.ts";
import { scramVerifier } from "@mainstay/postgres/scram.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { killTree, signalTree } from "@mainstay/runtime/process-tree.ts";
import pg from "pg";
import { startEtcd, type TestEtcd } from "./etcd.ts";
import { unprivilegedUser } from "./user.ts";

const supervisor = join(import.meta.dirname, "../../apps/agent/src/supervisor/main.ts");
const options = { timeoutMs: 3_000, signal: new AbortController().signal };
export const password = "Secret-of-a-test-1";

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
  /** The node that serves, when it does; `isSync`: commits wait for a standby. */
  served(wanted: { by?: string; notBy?: string; isSync?: boolean }): Promise<TestNode>;
}

export interface TestNode {
  readonly id: string;
  readonly address: string;
  readonly dir: string;
  start(): void;
  /** Power cut. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): Promise<void>;
  pid(of: "supervisor" | "postmaster"): Promise<number>;
  /** A tenant's session, straight to the node. */
  client(): Promise<pg.Client & AsyncDisposable>;
}

export async function startInstance(count: number): Promise<TestInstance> {
  const etcd = await startEtcd();
  const dir = await mkdtemp(join(tmpdir(), "mainstay-nodes-"));
  const user = await unprivilegedUser();
  await chown(dir, user.uid, user.gid);
  const id = randomUUID();
  const keys = instanceKeys(id);
  const store = connectEtcd(etcd.settings);
  const nodes: TestNode[] = [];
  const octet = 16 + ((createHash("sha256").update(dir).digest()[0] ?? 0) % 200);
  for (let ordinal = 1; ordinal <= count; ordinal++) {
    nodes.push(await makeNode({ etcd, dir, id, ordinal, user, address: `127.${octet}.0.${ordinal}` }));
  }
  const spec: ClusterSpec = {
    generation: 1,
    instanceId: id,
    members: nodes.map((node) => ({ id: node.id, address: node.address, port: 5432 })),
    bootstrapNode: nodes[0]?.id ?? "",
    durability: "available",
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
    async [Symbol.asyncDispose]() {
      await killTree(dir);
      await store[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return instance;
}

interface NodeInput {
  readonly etcd: TestEtcd;
  readonly dir: string;
  readonly id: string;
  readonly ordinal: number;
  readonly address: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

async function makeNode(input: NodeInput): Promise<TestNode> {
  const { etcd, dir, id, ordinal, address, user } = input;
  const nodeId = `pg-${id.slice(0, 8)}-${ordinal}`;
  const nodeDir = join(dir, String(ordinal));
  const config = await nodeConfig(input, nodeId, nodeDir);
  const authority = await createAuthority(join(etcd.dir, "ca"));
  await writeNodeFiles(nodeDir, user, {
    ...(await certificates(authority, nodeId, address)),
    "node.json": JSON.stringify(config),
  });
  return {
    id: nodeId,
    address,
    dir: nodeDir,
    start() {
      spawn(process.execPath, [supervisor, nodeDir], {
        ...user,
        cwd: nodeDir,
        stdio: process.env.MAINSTAY_TEST_LOG ? "inherit" : "ignore",
        detached: true,
      }).unref();
    },
    kill: () => killTree(nodeDir),
    signal: (name) => signalTree(nodeDir, name),
    async pid(of) {
      const file =
        of === "supervisor" ? join(nodeDir, "supervisor.pid") : join(config.volumeDir, "data/postmaster.pid");
      return Number((await readFile(file, "utf8")).split("\n")[0]);
    },
    async client() {
      const session = new pg.Client({
        host: address,
        port: 5432,
        user: "owner",
        password,
        database: "rdb",
        ssl: { ca: authority.caPem, servername: nodeId },
        connectionTimeoutMillis: 3_000,
      });
      session.on("error", () => {});
      await session.connect();
      return Object.assign(session, { [Symbol.asyncDispose]: () => session.end().catch(() => {}) });
    },
  };
}

async function nodeConfig({ etcd, id, ordinal, address }: NodeInput, nodeId: string, nodeDir: string) {
  const config: NodeConfig = {
    nodeId,
    instanceId: id,
    engineMajor: 15,
    binDir: (await findEngines(options.signal)).at(-1)?.binDir ?? "",
    address,
    port: 5432,
    volumeDir: join(nodeDir, "volume"),
    runtimeDir: join(nodeDir, "run"),
    volumeBytes: 5e9,
    memoryBytes: 1e9,
    vcpus: 1,
    store: { endpoints: etcd.settings.endpoints, serverName: etcd.settings.serverName },
    tls: {
      ca: "ca.crt",
      certificate: "server.crt",
      key: "server.key",
      clientCertificate: "client.crt",
      clientKey: "client.key",
    },
    ...(ordinal === 1 && {
      bootstrap: { database: "rdb", admin: { name: "owner", verifier: await scramVerifier(password) } },
    }),
  };
  return config;
}

async function certificates(authority: Authority, nodeId: string, address: string) {
  const names = { dnsNames: [nodeId], ipAddresses: [address], days: 1 };
  const server = await authority.issue({ ...names, commonName: nodeId, usage: "server" });
  const client = await authority.issue({ ...names, commonName: `node.${nodeId}`, usage: "client" });
  return {
    "tls/ca.crt": authority.caPem,
    "tls/server.crt": server.certificatePem,
    "tls/server.key": server.keyPem,
    "tls/client.crt": client.certificatePem,
    "tls/client.key": client.keyPem,
  };
}

async function writeNodeFiles(
  nodeDir: string,
  { uid, gid }: NodeInput["user"],
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const folder of ["", "tls", "volume", "run", "log"]) {
    await mkdir(join(nodeDir, folder), { mode: 0o700 });
    await chown(join(nodeDir, folder), uid, gid);
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(nodeDir, name), content, { mode: 0o600 });
    await chown(join(nodeDir, name), uid, gid);
  }
}
