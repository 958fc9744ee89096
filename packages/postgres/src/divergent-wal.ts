/** How much WAL of one timeline there is beyond a position, and how many transactions it commits. */
import { formatWalPosition, parseWalPosition, type WalPosition } from "@mainstay/domain/wal-position.ts";
import { type ProgramContext, runProgram } from "./program.ts";
import type { PastTimeline } from "./timeline-history.ts";

export interface WalExtent {
  readonly end: WalPosition;
  readonly transactions: number;
}

/** undefined: it cannot be read (the files are not there any more). */
export async function readWalExtent(
  context: ProgramContext,
  walDir: string,
  { timeline, end: from }: PastTimeline,
  signal: AbortSignal,
): Promise<WalExtent | undefined> {
  const start = ["-s", formatWalPosition(from)];
  const args = ["-p", walDir, "-t", String(timeline), ...start, "--rmgr=Transaction", "--stats=record"];
  // 1: it always ends with the record that cannot be read because nothing was written there.
  const { stdout, stderr } = await runProgram({ ...context, okCodes: [0, 1] }, "pg_waldump", args, signal);
  return parseWalExtent(stdout, stderr, from);
}

/** Reads pg_waldump's statistics under LC_ALL=C. */
export function parseWalExtent(stdout: string, stderr: string, from: WalPosition): WalExtent | undefined {
  if (/could not find a valid record after/.test(stderr)) return { end: from, transactions: 0 };
  const end =
    /^WAL statistics between \S+ and ([0-9A-F]+\/[0-9A-F]+):/im.exec(stdout)?.[1] ??
    /invalid record length at ([0-9A-F]+\/[0-9A-F]+)/i.exec(stderr)?.[1];
  if (end === undefined) return undefined;
  const commits = [...stdout.matchAll(/^Transaction\/COMMIT(?:_PREPARED)?\s+(\d+)/gm)];
  return {
    end: parseWalPosition(end),
    transactions: commits.reduce((sum, [, count]) => sum + Number(count), 0),
  };
}
