/** From "PostgreSQL is primary" to "clients may come": S8, step by step. */

import type { Decision } from "./decision.ts";
import type { Leader } from "./leader.ts";
import type { AttachedStandby, PrimaryPostgres } from "./observation.ts";

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
  const target = record.mode === "sync" ? record.members : [];
  if (!isSame(postgres.syncStandbys, target)) {
    return { action: "set-sync-standbys", syncStandbys: target, reason: "as the sync record says" };
  }
  return decideWithoutStandby(seen, postgres) ?? decideProof(seen, postgres, target);
}

/** S8c: what recovery brought back must be on the sync set before anybody sees it. */
function decideWithoutStandby(seen: Leader, postgres: PrimaryPostgres): Decision | undefined {
  const { record, revision } = seen.sync;
  if (record.mode === "async" || record.members.every((id) => holds(postgres, id))) return undefined;
  if (seen.spec.durability === "strict") {
    return { action: "wait", reason: "closed until the sync standby holds everything" };
  }
  if (postgres.forMs < openPatienceMs && record.members.some((id) => isSeenRunning(seen, id))) {
    return { action: "wait", reason: "the sync standby is about to attach" };
  }
  const sync = { ...record, mode: "async" as const, members: [] };
  return {
    action: "record-sync",
    sync,
    syncRevision: revision,
    reason: "asynchronous from here: no sync standby",
  };
}

function decideProof(seen: Leader, postgres: PrimaryPostgres, target: readonly string[]): Decision {
  const { term, phase } = seen.lock.record;
  if (!isProven(postgres, term, target)) {
    return postgres.isProving
      ? { action: "wait", reason: "an own write is not acknowledged yet" }
      : { action: "prove", term, reason: `the first write of term ${term}` };
  }
  if (postgres.access === "closed")
    return { action: "open-access", reason: `term ${term} is proven by a write` };
  return phase === "serving"
    ? { action: "wait", reason: "serves" }
    : { action: "set-phase", phase: "serving", reason: `term ${term} takes writes` };
}

export function isProven({ proof }: PrimaryPostgres, term: number, standbys: readonly string[]): boolean {
  return proof?.term === term && isSame(proof.syncStandbys, standbys);
}

export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}

export function standbyOf({ standbys }: PrimaryPostgres, nodeId: string): AttachedStandby | undefined {
  return standbys.find((standby) => standby.nodeId === nodeId);
}

function holds(postgres: PrimaryPostgres, nodeId: string): boolean {
  const standby = standbyOf(postgres, nodeId);
  return (
    standby !== undefined && standby.notStreamingForMs === 0 && standby.flushPosition >= postgres.recoveryEnd
  );
}

function isSeenRunning({ peers }: Leader, nodeId: string): boolean {
  return peers.some(
    ({ status, ageMs }) => status.nodeId === nodeId && status.role === "standby" && ageMs < openPatienceMs,
  );
}
