/** Who may claim the lock, when, and with which records. */
import type { SyncRecord } from "@mainstay/domain/cluster.ts";
import { isOwnLock } from "./lease.ts";
import type { Observation, SeenLock, SeenSync } from "./observation.ts";

/** A lock of phase "stopped" is its holder's to resume; only after this long another may take it. */
export const stoppedTakeMs = 30_000;

export type HeldLock = Extract<SeenLock, { kind: "held" }>;
export type RecordedSync = Extract<SeenSync, { kind: "recorded" }>;

export type ClaimRight =
  | { readonly right: "none"; readonly reason: string }
  | { readonly right: "claim"; readonly reason: string };

/** S2, S5, S15: only a node that holds every acknowledged commit, and only when the old leader cannot serve. */
export function claimRight(seen: Observation, takeMs: number): ClaimRight {
  const { lock, sync } = seen;
  if (lock.kind === "unknown" || sync.kind === "unknown") return none("the store has not been read");
  if (lock.kind === "free") return rightToBootstrap(seen);
  if (sync.kind === "none") return none("there is a lock but no sync record; an operator must look");
  const vacancy = vacancyOf(seen, lock, takeMs);
  if (!vacancy) return none(`${lock.record.holder} leads term ${lock.record.term}`);
  if (seen.highestTerm > lock.record.term) {
    return none(`the store's term ${lock.record.term} is older than this node's ${seen.highestTerm}`);
  }
  if (!isEligible(sync.record, seen.self)) {
    return none(`${vacancy}, but this node may lack acknowledged commits`);
  }
  return { right: "claim", reason: vacancy };
}

/** S7: the leader of the record, and with mode sync each of its members, holds every acknowledged commit. */
export function isEligible({ leader, mode, members }: SyncRecord, nodeId: string): boolean {
  return leader === nodeId || (mode === "sync" && members.includes(nodeId));
}

/** The sync record of the term that `self` claims: whoever was eligible before it still is. */
export function inheritedSync(before: SyncRecord, self: string, term: number): SyncRecord {
  const others = [before.leader, ...before.members].filter((id) => id !== self);
  return { ...before, term, leader: self, members: before.mode === "sync" ? [...new Set(others)] : [] };
}

function rightToBootstrap({ sync, spec, self, postgres, highestTerm }: Observation): ClaimRight {
  if (sync.kind === "recorded") return none("the lock vanished from the store; an operator must look");
  if (spec?.bootstrapNode !== self) return none("waiting for the first leader");
  if (postgres.kind !== "absent" || highestTerm > 0) {
    return none("this node has data, but the store knows nothing of the instance; an operator must look");
  }
  return { right: "claim", reason: "the instance is new" };
}

function vacancyOf({ self, bootId }: Observation, lock: HeldLock, takeMs: number): string | undefined {
  const { record, unchangedForMs } = lock;
  if (record.holder === self && !isOwnLock(record, self, bootId))
    return "the lock is of this node's earlier run";
  if (record.phase === "released" && record.holder !== self) return `${record.holder} released the lock`;
  const limitMs = record.phase === "stopped" ? stoppedTakeMs : takeMs;
  return unchangedForMs >= limitMs
    ? `${record.holder} has not renewed its lock for ${limitMs} ms`
    : undefined;
}

function none(reason: string): ClaimRight {
  return { right: "none", reason };
}
