/** Reads what PostgreSQL adds to its log, beside everything else. */
import { open } from "node:fs/promises";
import type { Log } from "@mainstay/runtime/log.ts";
import { pause } from "@mainstay/runtime/pause.ts";

const everyMs = 500;
/** An agent that starts reads so much of what was written before it. */
const readBackBytes = 64 * 1024;
/** More than this within one look is left out: nobody writes so much but in great trouble. */
const mostBytes = 1024 * 1024;

/** Calls `onLine` with each whole line, soon after it was written. */
export async function watchLog(
  file: string,
  onLine: (line: string) => void,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let position: number | undefined;
  let rest = "";
  let isTold = false;
  for (; !signal.aborted; await pause(everyMs, signal)) {
    try {
      const added = await readAdded(file, position);
      position = added.position;
      const lines = (rest + added.text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    } catch (error) {
      // Before PostgreSQL's first start there is none.
      if (!isTold && position !== undefined) log.warn({ err: error }, "PostgreSQL's log cannot be read");
      isTold = position !== undefined;
    }
  }
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
