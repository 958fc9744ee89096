/** Reads what PostgreSQL adds to its log, as soon as it is there, also of a log that is moved aside meanwhile. */
import { watch } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { movedAside } from "@mainstay/runtime/log-limit.ts";
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

/** Where the reading goes on: in the log, or in what was moved aside from it. */
interface Place {
  readonly isAside: boolean;
  readonly position: number;
}

export function watchLog({ file, onLine, log, signal }: LogWatch): Promise<void> {
  const waker = createWaker();
  let isWatched = false;
  let isReadBack = true;
  let place: Place | undefined;
  let rest = "";

  async function pass(): Promise<void> {
    // Before PostgreSQL's first start there is none.
    const size = await sizeOf(file);
    if (size === undefined) return;
    if (!isWatched) watch(file, { signal }, () => waker.wake()).on("error", unwatched);
    isWatched = true;
    place ??= await firstPlace(file, size);
    // A log that became shorter was moved aside.
    const { isAside, position } = place.position > size ? { ...place, isAside: true } : place;
    const { text, hasMore } = await readFrom(isAside ? movedAside(file) : file, position);
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-mostBytes);
    for (const line of lines) onLine(Buffer.from(line, "latin1").toString(), isReadBack);
    place =
      isAside && !hasMore ? { isAside: false, position: 0 } : { isAside, position: position + text.length };
    if (hasMore || isAside) waker.wake();
    else isReadBack = false;
    await pause(leastMs, signal);
  }

  function unwatched(): void {
    isWatched = false;
  }

  return runLoop({ name: "log", pass, everyMs, waker, log, signal });
}

async function firstPlace(file: string, size: number): Promise<Place> {
  const beforeBytes = (await sizeOf(movedAside(file))) ?? 0;
  const missing = Math.max(0, readBackBytes - size);
  if (missing === 0 || beforeBytes === 0)
    return { isAside: false, position: Math.max(0, size - readBackBytes) };
  return { isAside: true, position: Math.max(0, beforeBytes - missing) };
}

/** A character of `text` is a byte. */
async function readFrom(file: string, position: number): Promise<{ text: string; hasMore: boolean }> {
  await using handle = await open(file, "r");
  const left = Math.max(0, (await handle.stat()).size - position);
  const length = Math.min(left, mostBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return { text: buffer.toString("latin1", 0, bytesRead), hasMore: left > mostBytes };
}

function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(({ size }) => size, unlessMissing);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
