/** Two ends of a node: stopped in place, and gone without a trace. */
import { rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathExists } from "@mainstay/runtime/files.ts";
import { TimeoutError, waitFor } from "@mainstay/runtime/pause.ts";
import { killTree, signalTree } from "@mainstay/runtime/process-tree.ts";
import { freeAddressesOf } from "./addresses.ts";
import { readHosts } from "./hosts.ts";
import { type NodeRecord, nodeDirOf, runtimeDirOf } from "./node-records.ts";
import { supervisorPid } from "./supervisors.ts";
import { detachVolume } from "./volumes.ts";

/** Longer than an agent gives PostgreSQL to shut down. */
const stopLimitMs = 40_000;

/** The record goes first, so that nobody starts the node again; what a crash leaves is found by its name. */
export async function removeNode(dir: string, id: string): Promise<void> {
  for (const { id: hostId } of await readHosts(dir)) {
    const nodeDir = nodeDirOf(dir, { hostId, id });
    const removed = `${nodeDir}.removed`;
    await rm(join(nodeDir, "record.json"), { force: true });
    await clear(removed);
    if (!(await pathExists(nodeDir))) continue;
    await rename(nodeDir, removed);
    await clear(removed);
  }
  const runtimeDir = runtimeDirOf(dir, id);
  await rm(runtimeDir, { recursive: true, force: true });
  await rmdir(dirname(runtimeDir)).catch(() => {}); // the last one tidies up
  await freeAddressesOf(dir, id);
}

async function clear(dir: string): Promise<void> {
  await endProcesses(dir);
  await rm(dir, { recursive: true, force: true });
}

async function endProcesses(dir: string): Promise<void> {
  await killTree(dir);
  await detachVolume(dir);
}

export async function stopNode(
  dir: string,
  record: NodeRecord,
  name: NodeJS.Signals,
  signal: AbortSignal,
): Promise<void> {
  const nodeDir = nodeDirOf(dir, record);
  const pid = await supervisorPid(nodeDir);
  // On a frozen host it could not shut down.
  await signalTree(nodeDir, "SIGCONT");
  try {
    if (pid !== undefined) process.kill(pid, name);
    const isGone = async () => (await supervisorPid(nodeDir)) === undefined;
    await waitFor(isGone, { what: `${record.id}'s end`, timeoutMs: stopLimitMs, everyMs: 20, signal });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  if (await pathExists(nodeDir)) await endProcesses(nodeDir);
}
