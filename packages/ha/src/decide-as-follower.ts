/** A node that does not lead: claims the lock when it may, else follows whoever leads. */
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { type ClaimRight, claimRight, inheritedSync } from "./claim.ts";
import type { Decision } from "./decision.ts";
import { hasPrimary } from "./lease.ts";
import type { Observation, StandbyPostgres, StoppedPostgres } from "./observation.ts";

/** A standby that cannot stream for this long from a serving leader has diverged. */
export const divergedAfterMs = 10_000;

export type Follower = Observation & { readonly spec: ClusterSpec };

export function decideAsFollower(seen: Follower): Decision {
  const { postgres, shutdown } = seen;
  if (shutdown !== "none") {
    const isDown = postgres.kind === "stopped" || postgres.kind === "absent";
    return isDown
      ? { action: "wait", reason: "PostgreSQL is stopped for the shutdown" }
      : { action: "stop", isPlanned: false, reason: "this node is shutting down" };
  }
  const claimable = claimRight(seen);
  if (claimable.right === "claim") return decideToClaim(seen, claimable);
  return isMember(seen) ? decideToFollow(seen, claimable.reason) : decideToLeave(seen);
}

function isMember({ spec, self }: Follower): boolean {
  return spec.members.some(({ id }) => id === self);
}

/** Replaced while it was away. It may still be the only one with everything (claimRight), so it keeps its data. */
function decideToLeave({ postgres }: Follower): Decision {
  const isRunning = postgres.kind !== "stopped" && postgres.kind !== "absent";
  return { action: isRunning ? "fence" : "wait", reason: "this node is no member of the instance any more" };
}

type Right = Extract<ClaimRight, { right: "claim" }>;

function decideToClaim(seen: Follower, right: Right): Decision {
  const { postgres, sync, intent, self } = seen;
  const { reason } = right;
  if (intent) return { action: "wait", reason: `${reason}, but this node's ${intent} is unfinished` };
  if (sync.kind !== "recorded") return claim(seen, right);
  const leadLast = sync.record.leader === self;
  switch (postgres.kind) {
    case "absent":
      return leadLast && sync.record.systemId === null
        ? claim(seen, right)
        : { action: "wait", reason: `${reason}, but this node has no data` };
    case "stopped":
      if (postgres.systemId !== (sync.record.systemId ?? postgres.systemId)) return foreign();
      // A former primary has followed nobody since: whoever led after it acknowledged nothing while the record still
      // names it, or is given up by an operator. It goes on where it ended, on its own timeline.
      if (leadLast || !postgres.isStandby) return claim(seen, right);
      return {
        action: "start-standby",
        upstream: undefined,
        reason: `${reason}; this node may lead once it runs`,
      };
    case "standby":
      return postgres.isPromotable
        ? claim(seen, right)
        : { action: "wait", reason: `${reason}, but this standby cannot be promoted` };
    case "starting":
    case "hung":
    case "primary":
      return { action: "wait", reason: `${reason}; PostgreSQL is ${postgres.kind}` };
  }
}

function claim(
  { lock, sync, self, bootId, wallMs, spec }: Follower,
  { reason, isChoice, acceptedRequest }: Right,
): Decision {
  const term = lock.kind === "held" ? lock.record.term + 1 : 1;
  const takeoverMs = isChoice ? wallMs : undefined;
  return {
    action: "claim",
    lock: { term, holder: self, bootId, phase: "claimed", timing: spec.timing, seq: 0 },
    sync:
      sync.kind === "recorded"
        ? inheritedSync(sync.record, { self, term, takeoverMs })
        : { term, leader: self, mode: "async", members: [], systemId: null, takeovers: [], lossTerm: 0 },
    lockRevision: lock.kind === "held" ? lock.revision : undefined,
    syncRevision: sync.kind === "recorded" ? sync.revision : undefined,
    requestRevision: acceptedRequest,
    reason,
  };
}

function decideToFollow(seen: Follower, reason: string): Decision {
  const { postgres, lock, self } = seen;
  if (lock.kind !== "held" || lock.record.holder === self) return { action: "wait", reason };
  const leader = lock.record.holder;
  // S14: nothing is destroyed unless a leader is primary, renews, and is there: this copy may be the last one.
  const isThere = seen.links.some(({ nodeId, state }) => nodeId === leader && state === "open");
  const isServed = isThere && hasPrimary(lock.record) && lock.unchangedForMs < lock.record.timing.takeMs;
  const needed = needForClone(seen);
  if (needed) {
    return isServed
      ? { action: "clone", from: leader, reason: needed }
      : { action: "wait", reason: `${needed}, and no leader serves` };
  }
  switch (postgres.kind) {
    case "stopped":
      return followStopped(seen, postgres, leader, isServed, reason);
    case "standby":
      return followRunning(postgres, leader, isServed, reason);
    case "hung":
      return postgres.forMs >= divergedAfterMs
        ? { action: "fence", reason: "the standby answers no connection" }
        : { action: "wait", reason: "the standby answers no connection" };
    case "absent":
    case "starting":
    case "primary":
      return { action: "wait", reason: `PostgreSQL is ${postgres.kind}` };
  }
}

function needForClone({ intent, postgres, sync, dataTerm }: Follower): string | undefined {
  if (intent) return `an unfinished ${intent} left the data unusable`;
  if (postgres.kind === "absent") return "this node has no data";
  if (sync.kind === "recorded" && dataTerm < sync.record.lossTerm) {
    return `losses were accepted in term ${sync.record.lossTerm}, this node's data is from before`;
  }
  return postgres.kind === "stopped" && postgres.failedStarts >= 2
    ? "PostgreSQL failed to start twice"
    : undefined;
}

function followStopped(
  { sync }: Follower,
  postgres: StoppedPostgres,
  leader: string,
  isServed: boolean,
  whyNotClaimed: string,
): Decision {
  if (sync.kind === "recorded" && sync.record.systemId && postgres.systemId !== sync.record.systemId) {
    return foreign();
  }
  if (postgres.isStandby) {
    return { action: "start-standby", upstream: leader, reason: `${leader} leads` };
  }
  return isServed
    ? { action: "rewind", from: leader, reason: `this node was primary, now ${leader} leads` }
    : { action: "wait", reason: `a rewind is needed, but no leader serves: ${whyNotClaimed}` };
}

function followRunning(
  postgres: StandbyPostgres,
  leader: string,
  isServed: boolean,
  whyNotClaimed: string,
): Decision {
  if (postgres.upstream !== leader) return { action: "follow", upstream: leader, reason: `${leader} leads` };
  if (isServed && postgres.notStreamingForMs >= divergedAfterMs) {
    const reason = `no streaming from ${leader} for ${divergedAfterMs} ms`;
    // F27: the WAL that it needs is there no more.
    return postgres.isRewindInVain
      ? { action: "clone", from: leader, reason: `${reason}, and there was nothing to rewind` }
      : { action: "rewind", from: leader, reason };
  }
  return { action: "wait", reason: isServed ? `follows ${leader}` : whyNotClaimed };
}

/** S10: never started, never destroyed: somebody has to say whose it is. */
function foreign(): Decision {
  return { action: "wait", reason: "the data directory is of another instance; an operator must look" };
}
