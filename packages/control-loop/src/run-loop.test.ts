import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log } from "@mainstay/runtime/log.ts";
import { createWaker, runLoop } from "./run-loop.ts";

function recordingLog(errors: object[]): Log {
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields) => void errors.push(fields),
    child: () => log,
  };
  return log;
}

test("a wake during a pass makes the loop look again, and a failed pass does not end it", async () => {
  const controller = new AbortController();
  const waker = createWaker();
  const errors: object[] = [];
  let passes = 0;
  const pass = async () => {
    passes += 1;
    waker.wake();
    if (passes === 2) throw new Error("the disk is gone");
    if (passes === 4) controller.abort();
  };
  await runLoop({
    name: "test",
    pass,
    everyMs: 60_000,
    log: recordingLog(errors),
    signal: controller.signal,
    waker,
  });
  assert.equal(passes, 4);
  assert.equal(errors.length, 1);
});

test("a wake ends a wait that has begun", async () => {
  const waker = createWaker();
  const waiting = waker.wait(60_000, new AbortController().signal);
  waker.wake();
  await waiting;
});
