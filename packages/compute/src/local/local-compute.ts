/** Nodes as groups of processes on this machine, on virtual hosts in zones. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import { findEngines, type KnownEngines } from "@mainstay/postgres/engines.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { type Compute, ComputeError, type Host, type HostPower, type Node } from "../compute.ts";
import { nodePort, takeAddress } from "./addresses.ts";
import { removeNode, stopNode } from "./end-node.ts";
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
import { makeRuntimeDir, prepareNode } from "./prepare-node.ts";
import { makePrivateDir, type User } from "./private-dir.ts";
import { startSupervisor, supervisorPid } from "./supervisors.ts";
import { attachVolume, volumeDirOf } from "./volumes.ts";

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
  /** Stops every node in place: databases are shut down, each leader stays the leader, volumes are detached. */
  stopAll(signal: AbortSignal): Promise<void>;
}

export async function createLocalCompute(options: LocalOptions): Promise<LocalCompute> {
  const { supervisor, user, log } = options;
  const dir = await realpath(options.dir);
  const knownEngines: KnownEngines = new Map();

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
    const wanted = (await readRecords(dir)).filter(
      ({ state, hostId }) => state === "running" && running.has(hostId),
    );
    // One that cannot start, its volume damaged perhaps, keeps no other from starting.
    const starts = await Promise.allSettled(wanted.map(startOne));
    const failed = starts.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** The mount and the runtime directory are gone after a restart of the machine or of the whole platform. */
  async function startOne(record: NodeRecord): Promise<void> {
    const nodeDir = nodeDirOf(dir, record);
    if ((await supervisorPid(nodeDir)) !== undefined) return;
    await attachVolume(nodeDir);
    await makeRuntimeDir(runtimeDirOf(dir, record.id), user);
    await makePrivateDir(cacheDirOf(dir, record.hostId), user);
    await startSupervisor(supervisor, nodeDir, cacheDirOf(dir, record.hostId), user);
  }

  return {
    hosts: () => listHosts(dir),
    engines: (signal) => findEngines(signal, knownEngines),
    nodes: async () => Promise.all((await readRecords(dir)).map((record) => toNode(dir, record))),
    reserveNode: reserve,
    async startNode(spec) {
      const record = (await readRecords(dir)).find(({ id }) => id === spec.id);
      if (!record) throw new ComputeError({ code: "node-not-reserved", nodeId: spec.id });
      const host = await findHost(dir, record.hostId);
      if (!isRunning(host)) throw new ComputeError({ code: "host-not-running", hostId: host.id });
      if (record.state === "reserved") {
        await prepareNode(nodeDirOf(dir, record), spec, user, log);
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

async function listHosts(dir: string): Promise<Host[]> {
  const records = await readRecords(dir);
  return (await readHosts(dir)).map((host) => ({
    ...host,
    nodeIds: records.filter(({ hostId }) => hostId === host.id).map(({ id }) => id),
  }));
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
    volumeDir: volumeDirOf(nodeDir),
    runtimeDir: runtimeDirOf(dir, record.id),
    dataDir: join(volumeDirOf(nodeDir), "data"),
    supervisorPid: pid,
  };
}
