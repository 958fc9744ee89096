/** Actions that make or replace the data directory. */
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { baseBackup } from "@mainstay/postgres/base-backup.ts";
import { initDatabase } from "@mainstay/postgres/init-database.ts";
import { removeLockFiles } from "@mainstay/postgres/postmaster.ts";
import { rewind } from "@mainstay/postgres/rewind.ts";
import { pathExists, syncDirectory } from "@mainstay/runtime/files.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import type { Node } from "../node.ts";
import { tellDivergence } from "./divergence.ts";
import { stopPostgres } from "./process.ts";
import { checkpointed } from "./source.ts";
import { makeStandby } from "./standby-signal.ts";

/** A new database, complete before it gets its name. */
export async function initialise(node: Node, signal: AbortSignal): Promise<void> {
  const { newDataDir } = node.paths;
  await endEarlierPrograms(node);
  await emptyNewDataDir(node);
  await initDatabase(node.program, newDataDir, signal);
  await moveIntoPlace(node);
  node.memory.startsClean = true;
}

/** S10: while the intent is there, the old directory is never started again. */
export async function clone(node: Node, spec: ClusterSpec, from: string, signal: AbortSignal): Promise<void> {
  const { dataDir, newDataDir } = node.paths;
  await stopPostgres(node);
  await endEarlierPrograms(node);
  const upstream = node.settings.upstreamOf(spec, from);
  if (await pathExists(dataDir)) {
    // What an interrupted step left is no evidence of anything.
    if (!node.disk.intent) await tellDivergence(node, "clone", upstream, signal);
    await node.disk.setIntent("clone");
    await rm(dataDir, { recursive: true, force: true });
    await syncDirectory(dirname(dataDir));
  }
  await emptyNewDataDir(node);
  await baseBackup(node.program, { dataDir: newDataDir, nodeId: node.config.nodeId, upstream }, signal);
  await makeStandby(newDataDir);
  await moveIntoPlace(node);
  await node.disk.noteDataTerm();
  await node.disk.setIntent(undefined);
}

/** A rewind that fails leaves its intent: the next decision is a clone. */
export async function rewindTo(
  node: Node,
  spec: ClusterSpec,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const { dataDir } = node.paths;
  const { runtimeDir, port } = node.config;
  await stopPostgres(node);
  await endEarlierPrograms(node);
  const upstream = node.settings.upstreamOf(spec, from);
  await checkpointed(upstream, signal);
  await tellDivergence(node, "rewind", upstream, signal);
  await node.disk.setIntent("rewind");
  // pg_rewind starts a server that was not shut down, for its crash recovery.
  await removeLockFiles(dataDir, { dir: runtimeDir, port });
  const outcome = await rewind(node.program, { dataDir, nodeId: node.config.nodeId, upstream }, signal);
  node.log.info({ from, outcome }, "rewound to the new primary");
  await makeStandby(dataDir);
  node.memory.isDataChanged = true;
  node.memory.rewinds.areInVain = outcome === "not-needed";
  await node.disk.noteDataTerm();
  await node.disk.setIntent(undefined);
}

/**
 * An agent that was killed left its programs running: beside the next one's they would write into the same directory,
 * and remove it when they fail. PostgreSQL is down: what runs in a data directory was started by one of them.
 */
async function endEarlierPrograms({ paths: { nodeDir, dataDir, newDataDir } }: Node): Promise<void> {
  await killTree(nodeDir, { only: ["initdb", "pg_basebackup", "pg_rewind"] });
  for (const dir of [newDataDir, dataDir]) await killTree(dir);
}

async function emptyNewDataDir({ paths: { newDataDir } }: Node): Promise<void> {
  await rm(newDataDir, { recursive: true, force: true });
  await mkdir(newDataDir, { mode: 0o700 });
}

async function moveIntoPlace({ paths: { dataDir, newDataDir }, memory }: Node): Promise<void> {
  await rename(newDataDir, dataDir);
  await syncDirectory(dirname(dataDir));
  memory.isDataChanged = true;
  memory.failedStarts = 0;
  memory.rewinds.areInVain = false;
}
