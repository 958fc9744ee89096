import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "@mainstay/runtime/log.ts";
import { limitOnce, movedAside } from "@mainstay/runtime/log-limit.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { watchLog } from "./log-watch.ts";

test("every line is read once: those from before, those of a log that was moved aside, long ones and others", async () => {
  await using log = await startLog();
  await writeFile(movedAside(log.file), "cut off\nearlier\n");
  await writeFile(log.file, "before\n");
  log.watch();
  await log.has("before", true);
  assert.deepEqual(log.lines.splice(0), ["cut off", "earlier", "before"]);
  await appendFile(log.file, "größer\n");
  await log.has("größer", false);
  await appendFile(log.file, `${"x".repeat(3_000_000)}\nlast\n`);
  await limitOnce(log.dir, 1_000_000);
  await appendFile(log.file, "after\n");
  await log.has("after", false);
  const told = log.lines.filter((line) => !line.startsWith("x"));
  assert.deepEqual(told, ["größer", "last", "after"]);
});

async function startLog() {
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "mainstay-logs-"));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, "postgresql.log");
  const controller = new AbortController();
  const { signal } = controller;
  const lines: string[] = [];
  const readBack = new Map<string, boolean>();
  let watching: Promise<void> | undefined;
  const onLine = (line: string, isReadBack: boolean) => {
    lines.push(line);
    readBack.set(line, isReadBack);
  };
  parts.defer(async () => {
    controller.abort();
    await watching;
  });
  const running = parts.move();
  return {
    ...{ dir, file, lines },
    watch() {
      watching = watchLog({ file, onLine, log: createLog("test"), signal });
    },
    async has(line: string, isReadBack: boolean) {
      await waitFor(() => lines.includes(line), { what: line, timeoutMs: 5_000 });
      assert.equal(readBack.get(line), isReadBack, line);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
