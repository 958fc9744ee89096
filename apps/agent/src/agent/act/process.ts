/** Actions that start and end PostgreSQL's processes. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { syncDirectory } from "@mainstay/runtime/files.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import type { Node } from "../node.ts";
import { makeStandby } from "./standby-signal.ts";

const fastStopMs = 10_000;
/** Nobody takes over from a platform that shuts down. Shorter than a pass may take (agent-loop.ts). */
const lastStopMs = 25_000;
const endMs = 5_000;

export async function startPrimary(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
) {
  const { dataDir } = node.paths;
  await rm(join(dataDir, "standby.signal"), { force: true });
  await syncDirectory(dataDir);
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  await start(node, "primary", signal);
}

export async function startStandby(
  node: Node,
  spec: ClusterSpec,
  upstream: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  await makeStandby(node.paths.dataDir);
  await node.settings.writeSettings(spec, { syncStandbys: [], upstream });
  await start(node, "standby", signal);
}

async function start(node: Node, as: "primary" | "standby", signal: AbortSignal): Promise<void> {
  await node.settings.writeAccess("closed");
  const { exits } = node.supervisor();
  node.tellSupervisor({ kind: "start", as });
  const isStarted = () => {
    const state = node.supervisor();
    return Boolean(state.postgres?.pid) || state.exits > exits;
  };
  await waitFor(isStarted, { what: "PostgreSQL's process", timeoutMs: 10_000, everyMs: 5, signal });
}

/** A fast shutdown; what is still there after its limit is killed. Cut short by nothing: a kill would need a rewind. */
export async function stopPostgres(node: Node): Promise<void> {
  const { postgres: running, shutdown } = node.supervisor();
  if (!running) return;
  const timeoutMs = shutdown === "in-place" ? lastStopMs : fastStopMs;
  const isDown = () => (node.supervisor().postgres ? undefined : true);
  try {
    process.kill(running.pid, "SIGINT");
    await waitFor(isDown, { what: "PostgreSQL's shutdown", timeoutMs, everyMs: 5 });
  } catch (error) {
    node.log.warn({ err: error }, "PostgreSQL did not shut down, killing it");
    await fence(node);
  }
}

/** A volume that hangs may not let it end: that is for the next decision to see. */
export async function fence(node: Node): Promise<void> {
  await killTree(node.paths.dataDir, { limitMs: endMs });
  const isDown = () => (node.supervisor().postgres ? undefined : true);
  await waitFor(isDown, { what: "PostgreSQL's end", timeoutMs: endMs, everyMs: 5 });
}
