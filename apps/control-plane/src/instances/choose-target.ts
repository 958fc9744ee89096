/** Which node takes over by hand, and what that may cost. Pure. */
import type { NodeId, NodeStatus, SyncRecord } from "@mainstay/domain/cluster.ts";

export interface Candidates {
  readonly sync: SyncRecord | undefined;
  readonly nodeIds: readonly NodeId[];
  /** The last word of each, however old. */
  readonly statuses: ReadonlyMap<NodeId, NodeStatus>;
  /** Those whose last word is fresh. */
  readonly heardOf: readonly NodeId[];
}

export type Choice =
  | { readonly kind: "chosen"; readonly target: NodeId }
  | { readonly kind: "not-a-node" }
  | { readonly kind: "refused"; readonly why: string };

/** Without `acceptLoss` only a node that the sync record names; in any case one that lives. */
export function chooseTarget(seen: Candidates, target: NodeId | undefined, acceptLoss: boolean): Choice {
  const { sync, nodeIds, heardOf } = seen;
  if (target !== undefined && !nodeIds.includes(target)) return { kind: "not-a-node" };
  if (!sync) return refused("no node has led the instance yet");
  const others = nodeIds.filter((id) => id !== sync.leader);
  const wanted = others.filter((id) => id === (target ?? id));
  if (wanted.length === 0) return refused(target ? `${target} leads already` : "there is no other node");
  const fitting = wanted.filter((id) => acceptLoss || isSynchronous(seen, id));
  if (fitting.length === 0) {
    return refused("only a synchronous standby can take over without losing anything");
  }
  const chosen = fitting.filter((id) => heardOf.includes(id)).toSorted((a, b) => preference(seen, a, b))[0];
  return chosen === undefined
    ? refused(`${fitting.join(", ")} is down or was not heard of within 15 s, and cannot take over`)
    : { kind: "chosen", target: chosen };
}

/** Bytes that the leader reported and the target did not; null when nobody can tell. */
export function estimatedLoss(seen: Candidates, target: NodeId): number | null {
  if (isSynchronous(seen, target)) return 0;
  const leader = seen.statuses.get(seen.sync?.leader ?? "");
  const standby = seen.statuses.get(target);
  if (!leader || !standby || leader.timeline !== standby.timeline) return null;
  if (leader.flushPosition === null || standby.flushPosition === null) return null;
  const missing = leader.flushPosition - standby.flushPosition;
  return missing > 0n ? Number(missing) : 0;
}

/** S7: it holds every acknowledged commit. */
function isSynchronous({ sync }: Candidates, nodeId: NodeId): boolean {
  return sync?.mode === "sync" && sync.members.includes(nodeId);
}

function preference(seen: Candidates, a: NodeId, b: NodeId): number {
  const weigh = (id: NodeId) =>
    isSynchronous(seen, id) ? 2n ** 64n : (seen.statuses.get(id)?.flushPosition ?? -1n);
  return Number(weigh(b) - weigh(a));
}

function refused(why: string): Choice {
  return { kind: "refused", why };
}
