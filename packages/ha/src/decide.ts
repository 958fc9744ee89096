/** The decision of one node: the heart of high availability. Specified in docs/spec/ha.md. */
import { decideAsFollower } from "./decide-as-follower.ts";
import { decideAsLeader } from "./decide-as-leader.ts";
import type { Decision } from "./decision.ts";
import { isHeldOn, isLeading, isOwnLock } from "./lease.ts";
import type { Observation, PostgresState } from "./observation.ts";

/** Chooses this node's next action. Pure: the same observation gives the same decision. */
export function decide(seen: Observation): Decision {
  const { spec, lock, sync } = seen;
  if (mayWrite(seen.postgres) && isDeposed(seen)) {
    return { action: "fence", reason: "PostgreSQL may take writes, but this node does not lead" };
  }
  if (!spec) return { action: "wait", reason: "the instance's specification has not been read" };
  if (lock.kind === "unknown" || sync.kind === "unknown") {
    return { action: "wait", reason: "the store is unreachable" };
  }
  if (isLeading(seen) && lock.kind === "held") {
    if (sync.kind === "recorded" && sync.record.leader === seen.self) {
      return decideAsLeader({ ...seen, spec, lock, sync });
    }
    return { action: "wait", reason: "this node's claim is not in the sync record yet" };
  }
  if (lock.kind === "held" && isOwnLock(lock.record, seen.self, seen.bootId) && isHeldOn(lock.record)) {
    return { action: "wait", reason: "the lock is being renewed; the fencer holds the deadline" };
  }
  if (lock.kind === "held" && lock.record.term < seen.highestTerm) {
    const { term } = lock.record;
    return {
      action: "wait",
      reason: `the store's term ${term} is older than this node's ${seen.highestTerm}`,
    };
  }
  return decideAsFollower({ ...seen, spec });
}

export function mayWrite(postgres: PostgresState): boolean {
  switch (postgres.kind) {
    case "primary":
      return true;
    case "starting":
    case "hung":
      return postgres.as === "primary";
    case "absent":
    case "stopped":
    case "standby":
      return false;
  }
}

/**
 * S3: its lease ended, or the lock is somebody else's. Without a lease (an agent that has just started) the
 * fencer still holds the deadline of the last renewal, so there is time to renew.
 */
function isDeposed({ lock, lease, self, bootId, nowMs }: Observation): boolean {
  if (lease && nowMs >= lease.deadlineMs) return true;
  if (lock.kind === "unknown") return false;
  return lock.kind === "free" || !isOwnLock(lock.record, self, bootId) || !isHeldOn(lock.record);
}
