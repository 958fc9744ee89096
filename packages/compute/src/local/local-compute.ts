/** Nodes as groups of processes on this machine, on virtual hosts in zones. */
import { chown, mkdir, realpath, rename, rm, rmdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import { findEngines } from "@mainstay/postgres/engines.ts";
import { pathExists, writeFileDurably } from "@mainstay/runtime/files.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { TimeoutError, waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { type Compute, ComputeError, type HostPower, type Node, type NodeSpec } from "../compute.ts";
import { freeAddressesOf, nodePort, takeAddress } from "./addresses.ts";
import { hostPower } from "./host-power.ts";
import { findHost, readHosts, type VirtualHost } from "./hosts.ts";
import {
  cacheDirOf,
  type NodeRecord,
  nodeDirOf,
  readRecords,
  runtimeDirOf,
  writeRecord,
} from "./node-records.ts";
import { startSupervisor, supervisorPid, type User } from "./supervisors.ts";

export interface LocalOptions {
  /** The platform's directory. */
  readonly dir: string;
  /** The supervisor's program. */
  readonly supervisor: string;
  /** Who nodes run as; none: the caller. */
  readonly user?: User;
  readonly log: Log;
}

export interface LocalCompute extends Compute, HostPower {
  /** Starts whatever should run and does not, until aborted. */
  keepNodesRunning(signal: AbortSignal): Promise<void>;
  /** Stops every node in place: databases are shut down, each leader stays the leader. */
  stopAll(signal: AbortSignal): Promise<void>;
}

const leastFreeBytes = 1e9;
const stopLimitMs = 30_000;

export async function createLocalCompute(options: LocalOptions): Promise<LocalCompute> {
  const { supervisor, user, log } = options;
  const dir = await realpath(options.dir);

  async function reserve(id: string, instanceId: string, hostId: string): Promise<Node> {
    const records = await readRecords(dir);
    const present = records.find((record) => record.id === id);
    if (present) return toNode(dir, present);
    const host = await findHost(dir, hostId);
    if (host.state !== "running") throw new ComputeError({ code: "host-not-running", hostId });
    const address = await takeAddress(dir, id);
    if (!address) throw new ComputeError({ code: "no-address-left" });
    const record: NodeRecord = { id, instanceId, hostId, address, port: nodePort, state: "reserved" };
    await writeRecord(dir, record);
    return toNode(dir, record);
  }

  async function startMissing(): Promise<void> {
    const running = new Set((await readHosts(dir)).filter(isRunning).map(({ id }) => id));
    for (const record of await readRecords(dir)) {
      if (record.state !== "running" || !running.has(record.hostId)) continue;
      await startOne(record);
    }
  }

  /** The runtime directory is gone after a restart of the machine or of the whole platform. */
  async function startOne(record: NodeRecord): Promise<void> {
    const nodeDir = nodeDirOf(dir, record);
    if ((await supervisorPid(nodeDir)) !== undefined) return;
    await makeRuntimeDir(runtimeDirOf(dir, record.id), user);
    await makePrivateDir(cacheDirOf(dir, record.hostId), user);
    await startSupervisor(supervisor, nodeDir, cacheDirOf(dir, record.hostId), user);
  }

  return {
    hosts: async () => {
      const records = await readRecords(dir);
      return (await readHosts(dir)).map((host) => ({
        ...host,
        nodeIds: records.filter(({ hostId }) => hostId === host.id).map(({ id }) => id),
      }));
    },
    engines: (signal) => findEngines(signal),
    nodes: async () => Promise.all((await readRecords(dir)).map((record) => toNode(dir, record))),
    reserveNode: reserve,
    async startNode(spec) {
      const record = (await readRecords(dir)).find(({ id }) => id === spec.id);
      if (!record) throw new ComputeError({ code: "node-not-reserved", nodeId: spec.id });
      const host = await findHost(dir, record.hostId);
      if (!isRunning(host)) throw new ComputeError({ code: "host-not-running", hostId: host.id });
      if (record.state === "reserved") {
        await prepareNode(dir, record, spec, user);
        await writeRecord(dir, { ...record, state: "running" });
      }
      await startOne(record);
      return toNode(dir, { ...record, state: "running" });
    },
    deleteNode: (id) => removeNode(dir, id),
    ...hostPower(dir, startMissing),
    keepNodesRunning: (signal) =>
      runLoop({ name: "local nodes", pass: startMissing, everyMs: 500, log, signal }),
    async stopAll(signal) {
      const records = await readRecords(dir);
      await Promise.all(records.map((record) => stopNode(dir, record, "SIGUSR2", signal)));
    },
  };
}

function isRunning({ state }: VirtualHost): boolean {
  return state === "running";
}

async function toNode(dir: string, record: NodeRecord): Promise<Node> {
  const nodeDir = nodeDirOf(dir, record);
  const pid = await supervisorPid(nodeDir);
  return {
    ...record,
    state: pid === undefined ? "stopped" : "running",
    nodeDir,
    volumeDir: join(nodeDir, "volume"),
    runtimeDir: runtimeDirOf(dir, record.id),
    dataDir: join(nodeDir, "volume", "data"),
    supervisorPid: pid,
  };
}

/** Directories and files, owned by whoever the node runs as. Repeatable. */
async function prepareNode(
  dir: string,
  record: NodeRecord,
  spec: NodeSpec,
  user: User | undefined,
): Promise<void> {
  const nodeDir = nodeDirOf(dir, record);
  const { bavail, bsize } = await statfs(nodeDir);
  const neededBytes = Math.min(spec.volumeBytes, leastFreeBytes);
  if (bavail * bsize < neededBytes) {
    throw new ComputeError({ code: "volume-full", neededBytes, freeBytes: bavail * bsize });
  }
  const folders = new Set(["volume", "log", ...Object.keys(spec.files).map(dirname)]);
  for (const folder of [nodeDir, ...[...folders].map((name) => join(nodeDir, name))]) {
    await makePrivateDir(folder, user);
  }
  for (const [name, content] of Object.entries(spec.files)) {
    await writeFileDurably(join(nodeDir, name), content, { mode: 0o600, ...user });
  }
}

async function makeRuntimeDir(runtimeDir: string, user: User | undefined): Promise<void> {
  await mkdir(dirname(runtimeDir), { recursive: true, mode: 0o755 });
  await makePrivateDir(runtimeDir, user);
}

async function makePrivateDir(path: string, user: User | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user) await chown(path, user.uid, user.gid);
}

/** The record goes first, so that nobody starts the node again; what a crash leaves is found by its name. */
async function removeNode(dir: string, id: string): Promise<void> {
  for (const { id: hostId } of await readHosts(dir)) {
    const nodeDir = nodeDirOf(dir, { hostId, id });
    const removed = `${nodeDir}.removed`;
    await rm(join(nodeDir, "record.json"), { force: true });
    if (await pathExists(nodeDir)) {
      await rm(removed, { recursive: true, force: true });
      await rename(nodeDir, removed);
    }
    await killTree(removed);
    await rm(removed, { recursive: true, force: true });
  }
  const runtimeDir = runtimeDirOf(dir, id);
  await rm(runtimeDir, { recursive: true, force: true });
  await rmdir(dirname(runtimeDir)).catch(() => {}); // the last one tidies up
  await freeAddressesOf(dir, id);
}

async function stopNode(
  dir: string,
  record: NodeRecord,
  name: NodeJS.Signals,
  signal: AbortSignal,
): Promise<void> {
  const nodeDir = nodeDirOf(dir, record);
  const pid = await supervisorPid(nodeDir);
  try {
    if (pid !== undefined) process.kill(pid, name);
    const isGone = async () => ((await supervisorPid(nodeDir)) === undefined ? true : undefined);
    await waitFor(isGone, { what: `${record.id}'s end`, timeoutMs: stopLimitMs, everyMs: 20, signal });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  if (await pathExists(nodeDir)) await killTree(nodeDir);
}
