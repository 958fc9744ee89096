/** Planned ends of a leadership: a switchover, this node's shutdown, the whole platform's. */

import type { SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import { isBudgetLeft } from "./budget.ts";
import type { Decision } from "./decision.ts";
import { freshStatus, freshStatusMs, type Leader, readyMember } from "./leader.ts";

/**
 * Stops PostgreSQL first: its shutdown checkpoint reaches the standby, so nothing is left to rewind. Undefined:
 * nothing is planned, or a switchover can no longer be finished and this node serves on.
 */
export function decideHandOver(seen: Leader): Decision | undefined {
  const { shutdown, request } = seen;
  if (shutdown === "in-place") return stopThen(seen, "stopped", "the platform is shutting down");
  if (shutdown === "hand-over") {
    return stopThen(seen, readyMember(seen) ? "released" : "stopped", "this node is shutting down");
  }
  if (request) return decideRequest(seen, request);
  const isFull = seen.volume === "full" && seen.lock.record.phase === "serving" && isBudgetLeft(seen);
  // What "stopped" is seen next is a server that ended: the same release follows.
  return isFull && readyMember(seen) !== undefined
    ? stopThen(seen, "released", "the volume is full, the sync standby's is not")
    : undefined;
}

function decideRequest(seen: Leader, request: SwitchoverRequest): Decision | undefined {
  const { id, term, target, kind, acceptLoss, reason } = request;
  const isServing = seen.lock.record.phase === "serving";
  const isOver = term !== seen.lock.record.term;
  if (isOver || target === seen.self) {
    const why = isOver ? `it was asked for in term ${term}` : "this node leads";
    // First things first: clients wait.
    return isServing ? { action: "drop-request", requestId: id, reason: why } : undefined;
  }
  const isForced = kind === "failover";
  const isRunning = freshStatus(seen, target, freshStatusMs)?.role === "standby";
  if (readyMember(seen) !== target && !(isForced && acceptLoss && isRunning)) {
    return { action: "drop-request", requestId: id, reason: `${target} is not a sync standby that runs` };
  }
  if (isForced) return forced(seen, reason);
  return isServing ? stopThen(seen, "released", reason, true) : undefined;
}

/** Whoever forces it does not want to wait for a server that is not well. */
function forced(seen: Leader, reason: string): Decision {
  const isWell = seen.postgres.kind === "primary" || seen.postgres.kind === "stopped";
  return isWell || seen.postgres.kind === "absent"
    ? stopThen(seen, "released", reason)
    : { action: "fence", reason };
}

function stopThen(
  { postgres }: Leader,
  phase: "released" | "stopped",
  reason: string,
  isPlanned = false,
): Decision {
  const isDown = postgres.kind === "stopped" || postgres.kind === "absent";
  return isDown ? { action: "set-phase", phase, reason } : { action: "stop", isPlanned, reason };
}
