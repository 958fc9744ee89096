/** A node that holds the lock: becomes primary, opens to clients, keeps the sync set, hands over. */
import type { Decision } from "./decision.ts";
import { decideHandOver } from "./hand-over.ts";
import { type Leader, readyMember } from "./leader.ts";
import type { Observation } from "./observation.ts";
import { decideOpening } from "./opening.ts";
import { decideSyncSet } from "./sync-set.ts";

/** A primary that answers no new connection for this long is ended. */
export const hungAfterMs = 1_500;

export function decideAsLeader(seen: Leader): Decision {
  const handOver = decideHandOver(seen);
  if (handOver) return handOver;
  const { postgres, sync } = seen;
  switch (postgres.kind) {
    case "absent":
      return sync.record.systemId === null
        ? { action: "initialise", reason: "the instance is new" }
        : release("this node's data is gone");
    case "stopped":
      return decideStopped(seen, postgres);
    case "starting":
      return { action: "wait", reason: "PostgreSQL is starting" };
    case "hung":
      return postgres.forMs >= hungAfterMs
        ? { action: "fence", reason: `PostgreSQL answered no connection for ${hungAfterMs} ms` }
        : { action: "wait", reason: "PostgreSQL answers no connection" };
    case "standby":
      return decidePromotion(seen, postgres);
    case "primary":
      return postgres.access === "open" && seen.lock.record.phase === "serving"
        ? decideSyncSet(seen, postgres)
        : decideOpening(seen, postgres);
  }
}

/** A standby that has everything and runs is quicker than crash recovery here. */
function decideStopped(
  seen: Leader,
  postgres: Extract<Observation["postgres"], { kind: "stopped" }>,
): Decision {
  const { record } = seen.sync;
  // With nobody to take over, a release would only come back to this node: it goes on trying.
  if (readyMember(seen)) {
    if (seen.lock.record.phase === "serving") return release("PostgreSQL ended; the sync standby takes over");
    if (postgres.failedStarts >= 2) return release("PostgreSQL failed to start twice");
  }
  return postgres.isStandby
    ? {
        action: "start-standby",
        upstream: undefined,
        reason: "this node leads, its standby must run to be promoted",
      }
    : { action: "start-primary", syncStandbys: record.members, reason: "this node leads" };
}

function decidePromotion(
  { sync }: Leader,
  postgres: Extract<Observation["postgres"], { kind: "standby" }>,
): Decision {
  if (postgres.upstream !== undefined || postgres.receiver !== "stopped") {
    return { action: "detach", reason: "nothing may be acknowledged to the old primary any more" };
  }
  if (!postgres.isPromotable) return release("this standby cannot be promoted");
  return { action: "promote", syncStandbys: sync.record.members, reason: "this node leads" };
}

function release(reason: string): Decision {
  return { action: "set-phase", phase: "released", reason };
}
