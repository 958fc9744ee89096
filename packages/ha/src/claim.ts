/** Who may claim the lock, when, and with which records. */
import type { LockRecord, SyncRecord } from "@mainstay/domain/cluster.ts";
import { withTakeover } from "./budget.ts";
import { hasPrimary, isOwnLock } from "./lease.ts";
import type { Observation, SeenLock, SeenSync } from "./observation.ts";
import { isSame } from "./primary.ts";

/** A lock of phase "stopped" is its holder's to resume; only after this long another may take it. */
export const stoppedTakeMs = 30_000;

export type HeldLock = Extract<SeenLock, { kind: "held" }>;
export type RecordedSync = Extract<SeenSync, { kind: "recorded" }>;

export type ClaimRight =
  | { readonly right: "none"; readonly reason: string }
  /** isChoice: the old leader might have gone on; it counts against the budget. */
  | {
      readonly right: "claim";
      readonly reason: string;
      readonly isChoice: boolean;
      /** S16: the request that this right comes from alone. */
      readonly acceptedRequest?: bigint;
    };

/** S2, S5: only a node that holds every acknowledged commit, and only when the old leader cannot serve. */
export function claimRight(seen: Observation): ClaimRight {
  const { lock, sync } = seen;
  if (lock.kind === "unknown" || sync.kind === "unknown") return none("the store has not been read");
  if (lock.kind === "free") return rightToBootstrap(seen);
  if (sync.kind === "none") return none("there is a lock but no sync record; an operator must look");
  const vacancy = vacancyOf(seen, lock);
  if (!vacancy) return none(`${lock.record.holder} leads term ${lock.record.term}`);
  if (isEligible(sync.record, seen.self)) return { right: "claim", ...vacancy };
  const acceptedRequest = acceptsLoss(seen, lock.record) ? seen.request?.revision : undefined;
  return acceptedRequest === undefined
    ? none(`${vacancy.reason}, but this node may lack acknowledged commits`)
    : claimWithLosses(vacancy.reason, acceptedRequest);
}

function claimWithLosses(reason: string, acceptedRequest: bigint): ClaimRight {
  return {
    right: "claim",
    reason: `${reason}; an operator accepts losses`,
    isChoice: false,
    acceptedRequest,
  };
}

/** S7: the leader of the record, and with mode sync each of its members, holds every acknowledged commit. */
export function isEligible({ leader, mode, members }: SyncRecord, nodeId: string): boolean {
  return leader === nodeId || (mode === "sync" && members.includes(nodeId));
}

/** S16: an operator named this node to lead whatever it lacks, and nobody else has led since. */
function acceptsLoss({ request, self }: Observation, { term }: LockRecord): boolean {
  return (
    request?.kind === "failover" && request.acceptLoss && request.target === self && request.term === term
  );
}

/** The sync record of the term that `self` claims: whoever was eligible before it still is, unless `self` was not. */
export function inheritedSync(
  before: SyncRecord,
  { self, term, takeoverMs }: { self: string; term: number; takeoverMs: number | undefined },
): SyncRecord {
  const others = [before.leader, ...before.members].filter((id) => id !== self);
  const isSync = before.mode === "sync" && isEligible(before, self);
  return {
    ...before,
    term,
    leader: self,
    mode: isSync ? "sync" : "async",
    members: isSync ? [...new Set(others)] : [],
    lossTerm: isEligible(before, self) ? before.lossTerm : term,
    takeovers: takeoverMs === undefined ? before.takeovers : withTakeover(before.takeovers, takeoverMs),
  };
}

function rightToBootstrap({ sync, spec, self, postgres, highestTerm }: Observation): ClaimRight {
  if (sync.kind === "recorded") return none("the lock vanished from the store; an operator must look");
  if (spec?.bootstrapNode !== self) return none("waiting for the first leader");
  if (postgres.kind !== "absent" || highestTerm > 0) {
    return none("this node has data, but the store knows nothing of the instance; an operator must look");
  }
  return { right: "claim", reason: "the instance is new", isChoice: false };
}

type Vacancy = Omit<Extract<ClaimRight, { right: "claim" }>, "right">;

function vacancyOf(seen: Observation, { record, unchangedForMs }: HeldLock) {
  const { self, bootId, request } = seen;
  if (record.holder === self && !isOwnLock(record, self, bootId)) {
    return vacant("the lock is of this node's earlier run", false);
  }
  if (record.phase === "released" && record.holder !== self) {
    return vacant(`${record.holder} released the lock`, request?.target !== self);
  }
  const limitMs = record.phase === "stopped" ? stoppedTakeMs : record.timing.takeMs;
  if (unchangedForMs >= limitMs) {
    return vacant(`${record.holder} has not renewed its lock for ${limitMs} ms`, false);
  }
  return isGone(seen, record)
    ? vacant(`${record.holder} is down: its stream is closed and it refuses connections`, false)
    : undefined;
}

/**
 * The fast path: no need to wait for the deadline of a leader that was starved the moment its stream closed, since
 * commits there wait for this node alone (S5). Should it live after all, its next renewal fails and it is fenced:
 * the price is a needless change of leader, never a commit. Silence is no reason, nor is it one without a standby.
 */
function isGone({ sync, self, postgres, links }: Observation, lock: LockRecord): boolean {
  if (sync.kind !== "recorded" || sync.record.mode !== "sync" || !hasPrimary(lock)) return false;
  if (sync.record.term !== lock.term || sync.record.leader !== lock.holder) return false;
  if (!isSame(sync.record.members, [self])) return false;
  if (postgres.kind !== "standby" || postgres.receiver === "streaming") return false;
  return links.some(({ nodeId, state }) => nodeId === lock.holder && state === "refused");
}

function vacant(reason: string, isChoice: boolean): Vacancy {
  return { reason, isChoice };
}

function none(reason: string): ClaimRight {
  return { right: "none", reason };
}
