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
  if (!isHeldOn(lock.record)) return false;
  return lease !== undefined && lease.term === lock.record.term && nowMs < lease.deadlineMs;
}

/** Its holder goes on leading: it was neither released nor left for a shutdown. */
export function isHeldOn({ phase }: LockRecord): boolean {
  return phase === "claimed" || phase === "opening" || phase === "serving";
}

/** Its holder is primary: others may follow it and copy from it. */
export function hasPrimary({ phase }: LockRecord): boolean {
  return phase === "opening" || phase === "serving";
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
