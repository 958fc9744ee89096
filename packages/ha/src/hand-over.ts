/** Planned ends of a leadership: a switchover, this node's shutdown, the whole platform's. */

import type { Decision } from "./decision.ts";
import { type Leader, readyMember } from "./leader.ts";

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
  if (!request) return undefined;
  if (readyMember(seen) !== request.target) {
    return {
      action: "drop-request",
      requestId: request.id,
      reason: `${request.target} is not a sync standby that runs`,
    };
  }
  return seen.lock.record.phase === "serving" ? stopThen(seen, "released", request.reason) : undefined;
}

function stopThen({ postgres }: Leader, phase: "released" | "stopped", reason: string): Decision {
  const isDown = postgres.kind === "stopped" || postgres.kind === "absent";
  return isDown ? { action: "set-phase", phase, reason } : { action: "stop", reason };
}
