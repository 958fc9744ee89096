/** A node that holds the lock: becomes primary, opens to clients, keeps the sync set, hands over. */
import { isBudgetLeft } from "./budget.ts";
import type { Decision } from "./decision.ts";
import { decideHandOver } from "./hand-over.ts";
import { type Leader, readyMember } from "./leader.ts";
import type { Observation, PrimaryPostgres } from "./observation.ts";
import { decideOpening } from "./opening.ts";
import { settledFirst } from "./settled-first.ts";
import { asynchronousFromHere, decideSyncSet } from "./sync-set.ts";

/** A primary that answers no new connection for this long is ended. */
export const hungAfterMs = 1_500;
/** A start or promotion that takes longer is left to a standby that is ready. */
export const slowAfterMs = 10_000;
const longestPauseMs = 10_000;

export function decideAsLeader(seen: Leader): Decision {
  return settledFirst(seen, chooseAsLeader(seen));
}

function chooseAsLeader(seen: Leader): Decision {
  // An earlier request that nobody answered may still name the standby, unless the record is settled.
  if (seen.isUncovered && !(seen.sync.record.mode === "async" && seen.sync.isSettled)) {
    return asynchronousFromHere(seen, "a client was told of a commit that only this node need have");
  }
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
      return postgres.forMs >= slowAfterMs && readyMember(seen) !== undefined
        ? { action: "fence", reason: "PostgreSQL starts slowly and a standby is ready" }
        : { action: "wait", reason: "PostgreSQL is starting" };
    case "hung":
      return decideHung(seen, postgres.forMs);
    case "standby":
      return decidePromotion(seen, postgres);
    case "primary":
      return decidePrimary(seen, postgres);
  }
}

function decidePrimary(seen: Leader, postgres: PrimaryPostgres): Decision {
  if (seen.volume === "stalled" && readyMember(seen) !== undefined && isBudgetLeft(seen)) {
    return { action: "fence", reason: "the volume does not answer and a standby is ready" };
  }
  return postgres.access === "open" && seen.lock.record.phase === "serving"
    ? decideSyncSet(seen, postgres)
    : decideOpening(seen, postgres);
}

/**
 * A process that waits for a device ends only when that answers, killed or not. Without the standby it acknowledges
 * nothing any more (S2), and killed it acknowledges nothing at all: its end need not be awaited (F4).
 */
function decideHung(seen: Leader, forMs: number): Decision {
  if (forMs < hungAfterMs) return { action: "wait", reason: "PostgreSQL answers no connection" };
  const isServing = seen.lock.record.phase === "serving";
  if (seen.volume === "stalled" && isServing && readyMember(seen) !== undefined && isBudgetLeft(seen)) {
    return release("the volume does not let PostgreSQL end; the sync standby takes over");
  }
  return { action: "fence", reason: `PostgreSQL answered no connection for ${hungAfterMs} ms` };
}

/** A standby that has everything and runs is quicker than crash recovery here. */
function decideStopped(
  seen: Leader,
  postgres: Extract<Observation["postgres"], { kind: "stopped" }>,
): Decision {
  const { failedStarts, forMs, isStandby } = postgres;
  // With nobody to take over, a release would only come back to this node: it goes on trying.
  if (readyMember(seen) !== undefined) {
    if (failedStarts > 0) return release("PostgreSQL failed to start");
    if (seen.lock.record.phase === "serving" && isBudgetLeft(seen)) {
      return release("PostgreSQL ended; the sync standby takes over");
    }
  }
  if (forMs < pauseAfter(failedStarts)) {
    return {
      action: "wait",
      reason: `PostgreSQL failed to start ${failedStarts} times; a pause before the next`,
    };
  }
  return isStandby
    ? {
        action: "start-standby",
        upstream: undefined,
        reason: "this node leads, its standby must run to be promoted",
      }
    : { action: "start-primary", syncStandbys: seen.sync.record.members, reason: "this node leads" };
}

/** Half a second after the second failure, twice as long after each that follows. */
function pauseAfter(failedStarts: number): number {
  return failedStarts < 2 ? 0 : Math.min(longestPauseMs, 125 * 2 ** failedStarts);
}

function decidePromotion(
  seen: Leader,
  postgres: Extract<Observation["postgres"], { kind: "standby" }>,
): Decision {
  if (postgres.upstream !== undefined || postgres.receiver !== "stopped") {
    return { action: "detach", reason: "nothing may be acknowledged to the old primary any more" };
  }
  if (!postgres.isPromotable) return release("this standby cannot be promoted");
  if (seen.lock.phaseForMs >= slowAfterMs && readyMember(seen) !== undefined) {
    return release(`this standby was not promoted within ${slowAfterMs} ms`);
  }
  return { action: "promote", syncStandbys: seen.sync.record.members, reason: "this node leads" };
}

function release(reason: string): Decision {
  return { action: "set-phase", phase: "released", reason };
}
