/**
 * F34: PostgreSQL tells a client of a success when the wait of its commit for the standby is cancelled. Until a standby
 * was seen to have that commit, this node alone has everything that clients know of. Also the simulator's. All times
 * are this node's monotonic clock.
 */
import type { PostgresStatus } from "@mainstay/postgres/status.ts";

export type Coverage = ReturnType<typeof createCoverage>;

/** An agent that starts cannot tell whether what the log says is covered long since, and looks first. */
const readBackMs = 500;

interface Uncovered {
  /** When the last such commit was known: it had been written by then. */
  readonly knownAtMs: number;
  readonly countsFromMs: number;
  /** A position behind all of them; undefined until PostgreSQL was asked since. */
  readonly upTo: bigint | undefined;
}

export function createCoverage() {
  let uncovered: Uncovered | undefined;
  return {
    isUncovered: (nowMs: number) => uncovered !== undefined && nowMs >= uncovered.countsFromMs,
    /** isReadBack: the log said so before this agent began. */
    waitCancelled(knownAtMs: number, isReadBack: boolean): void {
      const countsFromMs = Math.min(
        uncovered?.countsFromMs ?? Number.POSITIVE_INFINITY,
        isReadBack ? knownAtMs + readBackMs : knownAtMs,
      );
      uncovered = { knownAtMs, countsFromMs, upTo: undefined };
    },
    answered(status: PostgresStatus, askedAtMs: number): void {
      if (!uncovered || askedAtMs < uncovered.knownAtMs) return;
      const upTo = uncovered.upTo ?? status.flushPosition;
      uncovered = isCovered(status, upTo) ? undefined : { ...uncovered, upTo };
    },
  };
}

/** A standby has received such a commit, or it gives up its own history. */
function isCovered(status: PostgresStatus, upTo: bigint): boolean {
  if (status.kind === "standby") return true;
  return status.syncStandbys.every((id) =>
    status.standbys.some(({ nodeId, flushPosition }) => nodeId === id && flushPosition >= upTo),
  );
}
