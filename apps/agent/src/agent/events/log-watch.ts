/** Reads what PostgreSQL adds to its log, as soon as it is there. */
import { watch } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { longestLogBytes, movedAside } from "@mainstay/runtime/log-limit.ts";
import { pause } from "@mainstay/runtime/pause.ts";

/** A log that is written to is read this often at most; one that cannot be watched is looked at so often. */
const leastMs = 5;
const everyMs = 500;
/** An agent that starts reads so much of what was written before it. */
const readBackBytes = 256 * 1024;
/** At a time; and of a longer line its end. */
const mostBytes = 1024 * 1024;

export interface LogWatch {
  readonly file: string;
  /** Called with each whole line. isReadBack: it was there when the watch began. */
  readonly onLine: (line: string, isReadBack: boolean) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export function watchLog({ file, onLine, log, signal }: LogWatch): Promise<void> {
  const waker = createWaker();
  let isWatched = false;
  let position: number | undefined;
  let rest = "";

  async function pass(): Promise<void> {
    // Before PostgreSQL's first start there is none.
    const added = await readAdded(file, position).catch(unlessMissing);
    if (!added) return;
    if (!isWatched) watch(file, { signal }, () => waker.wake()).on("error", unwatched);
    isWatched = true;
    const lines = (rest + added.text).split("\n");
    rest = (lines.pop() ?? "").slice(-mostBytes);
    for (const line of lines) onLine(line, position === undefined);
    position = added.position;
    if (added.hasMore) waker.wake();
    await pause(leastMs, signal);
  }

  function unwatched(): void {
    isWatched = false;
  }

  return runLoop({ name: "log", pass, everyMs, waker, log, signal });
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

/** A log that became shorter was moved aside. */
async function readAdded(file: string, known: number | undefined) {
  const { size } = await stat(file);
  if (known === undefined) return readFrom(file, Math.max(0, size - readBackBytes), mostBytes);
  if (known <= size) return readFrom(file, known, mostBytes);
  const before = await readFrom(movedAside(file), known, longestLogBytes).catch(unlessMissing);
  const added = await readFrom(file, 0, mostBytes);
  return { ...added, text: (before?.text ?? "") + added.text };
}

async function readFrom(file: string, position: number, most: number) {
  await using handle = await open(file, "r");
  const length = Math.min(most, Math.max(0, (await handle.stat()).size - position));
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  const text = buffer.toString("utf8", 0, bytesRead);
  return { text, position: position + bytesRead, hasMore: bytesRead === most };
}
