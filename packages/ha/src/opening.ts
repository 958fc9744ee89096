/** From "PostgreSQL is primary" to "clients may come": S8, step by step. */

import type { Decision } from "./decision.ts";
import { freshStatus, isDown, type Leader } from "./leader.ts";
import type { PrimaryPostgres } from "./observation.ts";
import { isProven, isSame, standbyOf } from "./primary.ts";
import { asynchronousFromHere, decideSyncSet } from "./sync-set.ts";

/** How long a primary that has just started waits for a standby that is seen running. */
export const openPatienceMs = 2_000;

export function decideOpening(seen: Leader, postgres: PrimaryPostgres): Decision {
  const { record, revision } = seen.sync;
  if (record.systemId === null) {
    const sync = { ...record, systemId: postgres.systemId };
    return { action: "record-sync", sync, syncRevision: revision, reason: "the instance exists from here" };
  }
  if (record.systemId !== postgres.systemId) {
    return { action: "fence", reason: "the data directory is of another instance; an operator must look" };
  }
  const strict = decideStrict(seen, postgres);
  if (strict) return strict;
  const target = record.mode === "sync" ? record.members : [];
  if (!isSame(postgres.syncStandbys, target)) {
    return { action: "set-sync-standbys", syncStandbys: target, reason: "as the sync record says" };
  }
  return decideWithoutStandby(seen, postgres) ?? decideProof(seen, postgres, target);
}

/** Strict: the door stays shut until a standby has everything. In phase "opening" it may copy from here. */
function decideStrict(seen: Leader, postgres: PrimaryPostgres): Decision | undefined {
  const { spec, sync, lock } = seen;
  const { mode, members } = sync.record;
  if (spec.durability !== "strict" || spec.members.length < 2) return undefined;
  if (mode === "sync" && members.every((id) => holds(postgres, id))) return undefined;
  if (!postgres.isPrepared) return { action: "prepare", reason: "a standby needs the platform's roles" };
  if (lock.record.phase === "claimed") {
    return {
      action: "set-phase",
      phase: "opening",
      reason: "others may copy from here, clients wait for them",
    };
  }
  const next = decideSyncSet(seen, postgres);
  return next.action === "wait"
    ? { ...next, reason: `closed until a standby has everything: ${next.reason}` }
    : next;
}

/** S8c: what recovery brought back must be on the sync set before anybody sees it. */
function decideWithoutStandby(seen: Leader, postgres: PrimaryPostgres): Decision | undefined {
  const { record } = seen.sync;
  if (record.mode === "async" || record.members.every((id) => holds(postgres, id))) return undefined;
  if (postgres.forMs < openPatienceMs && record.members.some((id) => isSeenRunning(seen, id))) {
    return { action: "wait", reason: "the sync standby is about to attach" };
  }
  return asynchronousFromHere(seen, "no sync standby");
}

function decideProof(seen: Leader, postgres: PrimaryPostgres, target: readonly string[]): Decision {
  const { term, phase } = seen.lock.record;
  if (!isProven(postgres, term, target)) {
    return postgres.isProving
      ? { action: "wait", reason: "an own write is not acknowledged yet" }
      : { action: "prove", term, reason: `the first write of term ${term}` };
  }
  if (postgres.access === "closed")
    return { action: "open-access", syncStandbys: target, reason: `term ${term} is proven by a write` };
  return phase === "serving"
    ? { action: "wait", reason: "serves" }
    : { action: "set-phase", phase: "serving", reason: `term ${term} takes writes` };
}

function holds(postgres: PrimaryPostgres, nodeId: string): boolean {
  const standby = standbyOf(postgres, nodeId);
  return (
    standby !== undefined && standby.notStreamingForMs === 0 && standby.flushPosition >= postgres.recoveryEnd
  );
}

function isSeenRunning(seen: Leader, nodeId: string): boolean {
  return freshStatus(seen, nodeId, openPatienceMs)?.role === "standby" && !isDown(seen, nodeId);
}
