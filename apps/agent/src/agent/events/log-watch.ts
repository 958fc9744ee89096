/** Reads what PostgreSQL adds to its log, as soon as it is there. */
import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { pause } from "@mainstay/runtime/pause.ts";

/** A log that is written to is read this often at most; one that cannot be watched is looked at so often. */
const leastMs = 5;
const everyMs = 500;
/** An agent that starts reads so much of what was written before it. */
const readBackBytes = 64 * 1024;
/** More than this within one look is left out: nobody writes so much but in great trouble. */
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
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line, position === undefined);
    position = added.position;
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

/** A log that became shorter is another one. */
async function readAdded(file: string, known: number | undefined) {
  await using handle = await open(file, "r");
  const { size } = await handle.stat();
  const from = known === undefined ? size - readBackBytes : known <= size ? known : 0;
  const start = Math.max(0, from, size - mostBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
  return { text: buffer.toString("utf8", 0, bytesRead), position: start + bytesRead };
}
