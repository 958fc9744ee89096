/** Actions on the running PostgreSQL and its settings. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { isSame } from "@mainstay/ha/primary.ts";
import { reloadSettings, startPromotion } from "@mainstay/postgres/queries.ts";
import { type PostgresStatus, readStatus } from "@mainstay/postgres/status.ts";
import { syncDirectory } from "@mainstay/runtime/files.ts";
import { type WaitOptions, waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { connectLocal, type LocalClient } from "../local-client.ts";
import type { Node } from "../node.ts";
import { makeStandby } from "./standby-signal.ts";

const fastStopMs = 10_000;
const endMs = 5_000;
const checkpointMs = 15_000;
const queryTimeoutMs = 2_000;

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
    return state.postgres?.pid || state.exits > exits ? true : undefined;
  };
  await waitFor(isStarted, { what: "PostgreSQL's process", timeoutMs: 10_000, everyMs: 5, signal });
}

export async function follow(node: Node, spec: ClusterSpec, upstream: string | undefined): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  await repoint(node, client, spec, upstream);
}

async function repoint(
  node: Node,
  client: LocalClient,
  spec: ClusterSpec,
  upstream: string | undefined,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys: [], upstream });
  await reloadSettings(client);
}

/** S5: resolves when the WAL receiver has ended, so that nothing is acknowledged to the old primary any more. */
export async function detach(node: Node, spec: ClusterSpec, signal: AbortSignal): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  await repoint(node, client, spec, undefined);
  await untilStatus(client, { what: "the WAL receiver's end", timeoutMs: 3_000, signal }, (status) => {
    return status.kind === "primary" || (status.upstream === undefined && status.receiver === "stopped");
  });
}

/** The fencer guards, and commits wait for the standbys, before the first write is possible. */
export async function promote(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  await reloadSettings(client);
  node.tellSupervisor({ kind: "arm" });
  const isArmed = () => (node.supervisor().postgres?.as === "primary" ? true : undefined);
  await waitFor(isArmed, { what: "the fencer's guard", timeoutMs: 5_000, everyMs: 2, signal });
  await untilSyncSetting(client, syncStandbys, signal);
  await node.disk.noteDataTerm();
  await startPromotion(client);
  const end = { what: "the end of recovery", timeoutMs: 10_000, signal };
  await untilStatus(client, end, ({ kind }) => kind === "primary");
}

/**
 * Before a planned stop, while clients are still served: so the shutdown's own checkpoint is short. Rejects when it
 * takes longer than 15 s: it goes on in PostgreSQL, and the next pass asks for it again.
 */
export async function checkpointBefore(node: Node): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs: checkpointMs });
  await client.query("checkpoint");
}

/** In the background: a rewind from this node compares timelines of its last checkpoint, so a promotion needs one. */
export function checkpointSoon(node: Node): void {
  const checkpoint = async () => {
    await using client = await connectLocal(node.config, { queryTimeoutMs: 0 });
    await client.query("checkpoint");
  };
  checkpoint().catch((error: unknown) => node.log.warn({ err: error }, "the checkpoint failed"));
}

export async function setSyncStandbys(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  await reloadSettings(client);
  await untilStatus(client, { what: "the new sync setting", timeoutMs: 3_000, signal }, (status) => {
    return status.kind === "primary" && isSame(status.syncStandbys, syncStandbys);
  });
}

async function untilSyncSetting(
  client: LocalClient,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await until({ what: "the sync setting", timeoutMs: 3_000, signal }, async () => {
    const { rows } = await client.query("select current_setting('synchronous_standby_names') as value");
    return wanted.every((nodeId) => String(rows[0]?.value).includes(`"${nodeId}"`));
  });
}

async function untilStatus(
  client: LocalClient,
  wait: WaitOptions,
  isReached: (status: PostgresStatus) => boolean,
): Promise<void> {
  await until(wait, async () => isReached(await readStatus(client)));
}

/** A session sees a reload at its next command, so it need not be a new one. */
async function until(wait: WaitOptions, isReached: () => Promise<boolean>): Promise<void> {
  await waitFor(async () => ((await isReached()) ? true : undefined), { ...wait, everyMs: 5 });
}

/** A fast shutdown; what is still there after its limit is killed. Cut short by nothing: a kill would need a rewind. */
export async function stopPostgres(node: Node): Promise<void> {
  const running = node.supervisor().postgres;
  if (!running) return;
  const isDown = () => (node.supervisor().postgres ? undefined : true);
  try {
    process.kill(running.pid, "SIGINT");
    await waitFor(isDown, { what: "PostgreSQL's shutdown", timeoutMs: fastStopMs, everyMs: 5 });
  } catch (error) {
    node.log.warn({ err: error }, "PostgreSQL did not shut down, killing it");
    await fence(node);
  }
}

/** A volume that hangs may not let it end: that is for the next decision to see. */
export async function fence(node: Node): Promise<void> {
  await killTree(node.paths.dataDir, endMs);
  const isDown = () => (node.supervisor().postgres ? undefined : true);
  await waitFor(isDown, { what: "PostgreSQL's end", timeoutMs: endMs, everyMs: 5 });
}
