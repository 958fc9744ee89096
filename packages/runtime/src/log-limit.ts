/** Keeps logs that others append to from filling the disk. */
import { open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "./pause.ts";

/** Of each log, and once more of what was moved aside. */
const longestLogBytes = 64 * 1024 * 1024;
/** Whoever writes as fast as it is copied does not keep it from being emptied. */
const mostAddedBytes = 16 * 1024 * 1024;
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

/**
 * Whoever appends to it goes on: the file stays, its content goes. What is added after the last copy is lost. On a
 * full disk all of it is: the room is needed more.
 */
async function moveAside(file: string): Promise<void> {
  await copy(file, movedAside(file)).catch(() => rm(movedAside(file), { force: true }));
  await truncate(file);
}

async function copy(from: string, to: string): Promise<void> {
  await using source = await open(from, "r");
  await using target = await open(to, "w", 0o600);
  const chunk = Buffer.alloc(chunkBytes);
  let leftBytes = (await source.stat()).size + mostAddedBytes;
  while (leftBytes > 0) {
    const { bytesRead } = await source.read(chunk, 0, chunkBytes);
    if (bytesRead === 0) return;
    await target.writeFile(chunk.subarray(0, bytesRead));
    leftBytes -= bytesRead;
  }
}
