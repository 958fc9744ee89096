/** Where the histories of two servers of one cluster part. Pure. */
import { parseWalPosition, type WalPosition } from "@mainstay/domain/wal-position.ts";

/** A timeline that a server was on before its present one, and where it left it. */
export interface PastTimeline {
  readonly timeline: number;
  readonly end: WalPosition;
}

/** Reads a `.history` file: a past timeline a line, with its end and why it ended. */
export function parseTimelineHistory(text: string): PastTimeline[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line);
    return match?.[2] ? [{ timeline: Number(match[1]), end: parseWalPosition(match[2]) }] : [];
  });
}

/** The name of a timeline's history file; timeline 1 has none. */
export function historyFile(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
}

export interface History {
  readonly timeline: number;
  readonly past: readonly PastTimeline[];
}

/**
 * Up to where `own` and `other` hold the same WAL: the first of their common timelines that they left at different
 * positions ends there at the earlier one. undefined: `other` has not left the timeline that `own` is on, or they
 * have none in common.
 */
export function forkOf(own: History, other: History): PastTimeline | undefined {
  for (const mine of [...own.past, { timeline: own.timeline, end: undefined }]) {
    const theirs = other.past.find(({ timeline }) => timeline === mine.timeline);
    if (!theirs) {
      // `other` is still on it: only what `own` did on a later timeline is apart.
      return other.timeline === mine.timeline && mine.end !== undefined
        ? { timeline: mine.timeline, end: mine.end }
        : undefined;
    }
    if (mine.end === undefined) return theirs;
    if (mine.end > theirs.end) return theirs;
    if (mine.end < theirs.end) return { timeline: mine.timeline, end: mine.end };
  }
  return undefined;
}
