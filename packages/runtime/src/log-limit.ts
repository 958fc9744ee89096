/** Keeps logs that others append to from filling the disk. */
import { open, readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "./pause.ts";

/** Of each log, and once more of what was moved aside. */
export const longestLogBytes = 64 * 1024 * 1024;
const everyMs = 1_000;
const chunkBytes = 1024 * 1024;

/** Where what was in a log is after it was moved aside; what was there before is gone. */
export function movedAside(file: string): string {
  return `${file}.1`;
}

/** Looks after the `.log` files in `dir` until aborted. `onFault`: a look failed, the next may not. */
export async function limitLogs(
  dir: string,
  { signal, onFault }: { readonly signal: AbortSignal; readonly onFault: (error: unknown) => void },
): Promise<void> {
  while (!signal.aborted) {
    await pause(everyMs, signal);
    await limitOnce(dir, longestLogBytes).catch(onFault);
  }
}

export async function limitOnce(dir: string, mostBytes: number): Promise<void> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".log"));
  for (const file of names.map((name) => join(dir, name))) {
    if ((await stat(file)).size > mostBytes) await moveAside(file);
  }
}

/** Whoever appends to it goes on: the file stays, its content goes. Copied until nothing is added, then emptied. */
async function moveAside(file: string): Promise<void> {
  await using source = await open(file, "r");
  await using target = await open(movedAside(file), "w", 0o600);
  const chunk = Buffer.alloc(chunkBytes);
  for (;;) {
    const { bytesRead } = await source.read(chunk, 0, chunkBytes);
    if (bytesRead === 0) break;
    await target.write(chunk, 0, bytesRead);
  }
  await truncate(file);
}
