/**
 * Whether the volume takes a small synchronous write, and has room. The writer is a process of its own, which a device
 * that hangs holds, and never the agent; a shell, since forking the agent itself would stop it for milliseconds.
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
    const writeBlock = blockWriter(join(volumeDir, ".probe"));
    while (!signal.aborted) {
      await writeBlock();
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

/** Writes a block for every line that it reads, and answers with a line; ends with the agent. */
const writer =
  'while read -r _; do dd if=/dev/zero "of=$1" bs=8192 count=1 oflag=dsync conv=notrunc 2>/dev/null; echo; done';

/** Of each call: resolves when the device answered, be it with an error. */
function blockWriter(file: string): () => Promise<void> {
  let shell: ReturnType<typeof start> | undefined;
  let onAnswer = () => {};

  function start() {
    const started = spawn("sh", ["-c", writer, "sh", file], { stdio: ["pipe", "pipe", "ignore"], cwd: "/" });
    started.stdin.on("error", () => {});
    started.stdout.on("data", () => onAnswer());
    started.once("error", () => {});
    started.once("close", () => {
      shell = undefined;
      onAnswer();
    });
    return started;
  }

  return () =>
    new Promise((resolve) => {
      onAnswer = resolve;
      shell ??= start();
      shell.stdin.write("\n");
    });
}

async function hasNoRoom(dir: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize < leastFreeBytes;
}
