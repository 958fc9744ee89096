/** The leader's own evidence: until when it may serve. */
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import type { Timing } from "@mainstay/domain/timing.ts";
import type { Observation } from "./observation.ts";

/** S3: counted from the moment the successful compare-and-swap was sent, never from its answer. */
export function deadlineAfter(sentAtMs: number, { holdMs }: Timing): number {
  return sentAtMs + holdMs;
}

/** The record that renews `lock`. */
export function renewed(lock: LockRecord): LockRecord {
  return { ...lock, seq: lock.seq + 1 };
}

/** Whether this node may act as leader now. */
export function isLeading({ lock, lease, self, bootId, nowMs }: Observation): boolean {
  if (lock.kind !== "held" || !isOwnLock(lock.record, self, bootId)) return false;
  if (lock.record.phase === "released" || lock.record.phase === "stopped") return false;
  return lease !== undefined && lease.term === lock.record.term && nowMs < lease.deadlineMs;
}

export function isOwnLock({ holder, bootId }: LockRecord, self: string, ownBootId: string): boolean {
  return holder === self && bootId === ownBootId;
}

/** What the fencer knows of its node. */
export interface FencerView {
  readonly nowMs: number;
  /** Undefined: no deadline was ever given. */
  readonly deadlineMs: number | undefined;
  readonly mayWrite: boolean;
}

/** S12: a PostgreSQL that may write needs a deadline ahead of it. */
export function mustFence({ nowMs, deadlineMs, mayWrite }: FencerView): boolean {
  return mayWrite && (deadlineMs === undefined || nowMs >= deadlineMs);
}
