/** Actions on the store's records. Each is guarded by the revision that the decision saw. */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import type { SyncRecord } from "@mainstay/domain/cluster.ts";
import type { Action } from "@mainstay/ha/decision.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { signalTree } from "@mainstay/runtime/process-tree.ts";
import { type Node, seeRevision } from "../node.ts";
import { checkpointSoon } from "./checkpoint.ts";

const timeoutMs = 2_000;

export async function claim(
  node: Node,
  claimed: Extract<Action, { action: "claim" }>,
  signal: AbortSignal,
): Promise<void> {
  const { lock, sync, lockRevision, syncRevision, requestRevision } = claimed;
  const guards = { lockRevision, syncRevision, requestRevision };
  node.memory.settledSync = undefined;
  const revision = await node.keeper.ask({ kind: "claim", lock, sync, ...guards });
  node.memory.settledSync = revision;
  await seeRevision(node, node.keys.sync, revision, signal);
  await seeRevision(node, node.keys.lock, revision, signal);
}

export async function setPhase(
  node: Node,
  phase: "opening" | "serving" | "released" | "stopped",
  signal: AbortSignal,
): Promise<void> {
  // A volume that hangs may not let it end, but dead as it is it acknowledges nothing when that answers (F4).
  if (phase === "released" && node.supervisor().postgres) await signalTree(node.paths.dataDir, "SIGKILL");
  const revision = await node.keeper.ask({ kind: "set-phase", phase });
  // Others may rewind to this node from here on, behind its shut door too.
  if (phase === "opening") checkpointSoon(node);
  await seeRevision(node, node.keys.lock, revision, signal);
}

export async function recordSync(
  node: Node,
  sync: SyncRecord,
  syncRevision: bigint,
  signal: AbortSignal,
): Promise<void> {
  node.memory.settledSync = undefined;
  const result = await node.store.transact(
    [{ key: node.keys.sync, modRevision: syncRevision }],
    [{ put: node.keys.sync, value: formatRecord(sync) }],
    { timeoutMs, signal },
  );
  if (!result.succeeded) return;
  node.memory.settledSync = result.revision;
  await seeRevision(node, node.keys.sync, result.revision, signal);
}

/** Only the request that the decision saw: another may have taken its place. */
export async function dropRequest(
  node: Node,
  request: Observation["request"],
  signal: AbortSignal,
): Promise<void> {
  if (!request) return;
  await node.store.transact(
    [{ key: node.keys.switchover, modRevision: request.revision }],
    [{ delete: node.keys.switchover }],
    { timeoutMs, signal },
  );
}
