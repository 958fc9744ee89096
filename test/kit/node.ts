/** One real node: a supervisor with everything below it, in a directory of its own on a loopback address. */
import { spawn } from "node:child_process";
import { chown, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Authority, createAuthority } from "@mainstay/certificates/authority.ts";
import { supervisorOf } from "@mainstay/compute/local/image.ts";
import { attachVolume, createVolume, detachVolume } from "@mainstay/compute/local/volumes.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import { scramVerifier } from "@mainstay/postgres/scram.ts";
import { compileCacheEnvironment } from "@mainstay/runtime/compile-cache.ts";
import { killTree, processesUnder, signalTree } from "@mainstay/runtime/process-tree.ts";
import { notWhenCutShort } from "./cut-short.ts";
import { newestEngine } from "./engine.ts";
import type { TestEtcd } from "./etcd.ts";
import { createFakeClock, type FakeClock, sweepFakeClocks } from "./fake-clock.ts";
import { createHostNetwork, type HostNetwork } from "./network.ts";
import { openSession, type Session } from "./session.ts";

export const password = "Secret-of-a-test-1";

export type NodeProcess = "supervisor" | "agent" | "fencer" | "postmaster";

/** Disposing of it ends its processes and leaves no mount and no rule behind. */
export interface TestNode extends AsyncDisposable {
  readonly id: string;
  readonly address: string;
  readonly dir: string;
  readonly volumeDir: string;
  /** It is a file system of its own. */
  readonly isVolumeOwn: boolean;
  /** Of supervisor, fencer and agent, JSON lines. */
  readonly logFile: string;
  /** Undefined where hosts cannot be cut off. */
  readonly network: HostNetwork | undefined;
  /** Undefined unless it was asked for and can be had. */
  readonly clock: FakeClock | undefined;
  start(): void;
  /** Power cut. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): Promise<void>;
  pid(of: NodeProcess): Promise<number>;
  /** The agent that stands by, when there is one. */
  spare(): Promise<number | undefined>;
  /** A tenant's session, straight to the node. */
  client(): Promise<Session>;
}

export interface NodeInput {
  readonly etcd: TestEtcd;
  readonly dir: string;
  /** What it runs. */
  readonly image: string;
  readonly id: string;
  readonly ordinal: number;
  readonly address: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Its volume is a file system of this size; left out: a plain directory. */
  readonly volumeBytes?: number | undefined;
  /** It has a wall clock that can be set. */
  readonly hasOwnClock?: boolean | undefined;
}

export async function makeNode(input: NodeInput): Promise<TestNode> {
  await using parts = new AsyncDisposableStack();
  const { etcd, dir, image, id, ordinal, address, user } = input;
  const nodeId = `pg-${id.slice(0, 8)}-${ordinal}`;
  const nodeDir = join(dir, String(ordinal));
  const planned = await nodeConfig(input, nodeId, nodeDir);
  parts.defer(() => detachVolume(nodeDir));
  const clock = input.hasOwnClock ? await createFakeClock(`${nodeDir}-clock`, planned.binDir) : undefined;
  if (clock) parts.defer(sweepFakeClocks);
  const config = { ...planned, binDir: clock?.binDir ?? planned.binDir };
  const authority = await createAuthority(join(etcd.dir, "ca"));
  await writeNodeFiles(nodeDir, user, {
    ...(await certificates(authority, nodeId, address)),
    "node.json": JSON.stringify(config),
  });
  const isVolumeOwn = await attachOwnVolume(nodeDir, input);
  const network = await createHostNetwork(`mainstay-${nodeId}`, address);
  if (network) parts.use(network);
  const logFile = join(nodeDir, "log", "node.log");
  const log = parts.use(await open(logFile, "a"));
  parts.defer(() => killTree(nodeDir));
  const running = parts.move();
  return {
    id: nodeId,
    address,
    dir: nodeDir,
    volumeDir: config.volumeDir,
    isVolumeOwn,
    logFile,
    network,
    clock,
    start() {
      notWhenCutShort();
      const child = spawn(process.execPath, [supervisorOf(image), nodeDir], {
        ...user,
        // As the platform starts it: a new agent must be there before the lease ends.
        env: { ...process.env, ...compileCacheEnvironment(join(nodeDir, "compiled")), ...clock?.env },
        cwd: nodeDir,
        stdio: process.env.MAINSTAY_TEST_LOG ? "inherit" : ["ignore", log.fd, log.fd],
        detached: true,
      });
      child.unref();
      if (child.pid !== undefined) void network?.add(child.pid);
    },
    kill: () => killTree(nodeDir),
    signal: (name) => signalTree(nodeDir, name),
    pid: (of) => pidOf(of, nodeDir, config.volumeDir),
    async spare() {
      const [agent, agents] = [
        await pidOf("agent", nodeDir, config.volumeDir),
        await programPids(nodeDir, "agent"),
      ];
      return agents.find((pid) => pid !== agent);
    },
    client: () =>
      openSession({
        ...{ host: address, port: 5432, user: "owner", password, database: "rdb" },
        ssl: { ca: authority.caPem, servername: nodeId },
        connectionTimeoutMillis: 3_000,
      }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function attachOwnVolume(nodeDir: string, { volumeBytes, user }: NodeInput): Promise<boolean> {
  if (volumeBytes === undefined) return false;
  if ((await createVolume(nodeDir, volumeBytes, user)) !== undefined) return false;
  await attachVolume(nodeDir);
  return true;
}

/** Of a process that runs: the file of one that has ended names a number that another program may have by now. */
async function pidOf(of: NodeProcess, nodeDir: string, volumeDir: string): Promise<number> {
  const file = of === "postmaster" ? join(volumeDir, "data/postmaster.pid") : join(nodeDir, `${of}.pid`);
  const [pid] =
    of === "fencer"
      ? await programPids(nodeDir, of)
      : (await readFile(file, "utf8")).split("\n").slice(0, 1).map(Number);
  if (pid === undefined || !(await processesUnder(nodeDir)).includes(pid)) {
    throw new Error(`no ${of} runs in ${nodeDir}`);
  }
  return pid;
}

async function programPids(nodeDir: string, program: "agent" | "fencer"): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await processesUnder(nodeDir)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (commandLine.includes(`/${program}/main.mjs`)) found.push(pid);
  }
  return found;
}

async function nodeConfig(
  { etcd, id, ordinal, address, volumeBytes = 5e9 }: NodeInput,
  nodeId: string,
  nodeDir: string,
) {
  const config: NodeConfig = {
    nodeId,
    instanceId: id,
    engineMajor: 15,
    binDir: (await newestEngine()).binDir,
    address,
    port: 5432,
    volumeDir: join(nodeDir, "volume"),
    runtimeDir: join(nodeDir, "run"),
    volumeBytes,
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
  for (const folder of ["", "tls", "volume", "run", "log", "compiled"]) {
    await mkdir(join(nodeDir, folder), { mode: 0o700 });
    await chown(join(nodeDir, folder), uid, gid);
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(nodeDir, name), content, { mode: 0o600 });
    await chown(join(nodeDir, name), uid, gid);
  }
}
