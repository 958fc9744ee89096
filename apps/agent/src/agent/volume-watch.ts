/**
 * Whether the volume takes a small synchronous write, and has room. The write is a process of its own: a device that
 * hangs holds that process, never the agent.
 */
import { spawn } from "node:child_process";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { VolumeState } from "@mainstay/ha/observation.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause } from "@mainstay/runtime/pause.ts";

const everyMs = 1_000;
const stalledAfterMs = 3_000;
/** PostgreSQL needs room for a few WAL segments of 16 MiB. */
const leastFreeBytes = 64 * 1024 * 1024;

export function watchVolume(volumeDir: string, signal: AbortSignal): () => VolumeState {
  let answeredAtMs = monotonicMs();
  let isFull = false;

  async function keepWriting(): Promise<void> {
    while (!signal.aborted) {
      await writeBlock(join(volumeDir, ".probe"));
      isFull = await hasNoRoom(volumeDir);
      answeredAtMs = monotonicMs();
      await pause(everyMs, signal);
    }
  }

  void keepWriting();
  return () => {
    if (monotonicMs() - answeredAtMs > everyMs + stalledAfterMs) return "stalled";
    return isFull ? "full" : "usable";
  };
}

/** Resolves when the device answered, be it with an error. */
function writeBlock(file: string): Promise<void> {
  const args = ["if=/dev/zero", `of=${file}`, "bs=8192", "count=1", "oflag=dsync", "conv=notrunc"];
  return new Promise((resolve) => {
    const child = spawn("dd", args, { stdio: "ignore", cwd: "/" });
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}

async function hasNoRoom(dir: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize < leastFreeBytes;
}
