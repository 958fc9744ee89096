/**
 * The fencer: kills PostgreSQL when the deadline of the lock passes, whatever the agent does. It never talks to
 * the store, touches no data disk and knows only three things: the deadline (straight from the keeper), whether
 * PostgreSQL may write (from the supervisor), and the clock.
 */
import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { mustFence } from "@mainstay/ha/lease.ts";
import { keepCompiled } from "@mainstay/runtime/compile-cache.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { createSuspensionWatch } from "@mainstay/runtime/suspension.ts";
import type { Deadline, FromFencer, ToFencer } from "../supervisor/protocol.ts";

const tickMs = 50;
const [, , dataDir = "", socketPath = ""] = process.argv;
const log = createLog("fencer");
let guard: { mayWrite: boolean; deadlineMs: number | undefined } = { mayWrite: false, deadlineMs: undefined };
const suspension = createSuspensionWatch();

process.on("message", ({ mayWrite, deadline }: ToFencer) => {
  // What the keeper told this fencer is never older: the supervisor has it from here.
  guard = { mayWrite, deadlineMs: guard.deadlineMs ?? (deadline && trusted(deadline)) };
  report({ kind: "guarding", mayWrite });
});
// Without its supervisor nobody would start the next fencer.
process.on("disconnect", () => void fence("the supervisor ended").finally(() => process.exit(0)));
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

await listenToKeeper();
keepCompiled();
for (;;) {
  await pause(tickMs);
  if (suspension.happened()) guard = { ...guard, deadlineMs: undefined };
  if (mustFence({ ...guard, nowMs: monotonicMs() })) await fence("the deadline passed");
  suspension.start();
}

async function fence(reason: string): Promise<void> {
  const startedMs = monotonicMs();
  const at = new Date().toISOString();
  await killTree(dataDir);
  if (!guard.mayWrite) return;
  const tookMs = monotonicMs() - startedMs;
  log.warn({ reason, tookMs }, "fenced PostgreSQL");
  report({ kind: "fenced", at, reason, tookMs });
}

/** The keeper writes a deadline a line, with its offset, and gets the deadline back when it is in force. */
async function listenToKeeper(): Promise<void> {
  await rm(socketPath, { force: true });
  const server = createServer((socket: Socket) => {
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on("error", () => {});
    lines.on("line", (line) => {
      const [deadlineMs = Number.NaN, offsetMs = Number.NaN] = line.split(" ").map(Number);
      const deadline = { deadlineMs, offsetMs };
      if (trusted(deadline) === undefined) return;
      guard = { ...guard, deadlineMs };
      report({ kind: "deadline", deadline });
      socket.write(`${deadlineMs}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
}

/** The machine may have slept on its way here: a fencer that began later could not see that by itself. */
function trusted({ deadlineMs, offsetMs }: Deadline): number | undefined {
  if (!Number.isFinite(deadlineMs) || !Number.isFinite(offsetMs)) return undefined;
  return createSuspensionWatch(offsetMs).happened() ? undefined : deadlineMs;
}

function report(message: FromFencer): void {
  if (process.connected) process.send?.(message);
}
