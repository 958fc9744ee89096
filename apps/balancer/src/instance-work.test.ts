import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLog } from "@mainstay/runtime/log.ts";
import { createInstanceWork } from "./instance-work.ts";

function start() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  let skippedEnds = 0;
  const work = createInstanceWork(createLog("test"), () => {
    skippedEnds += 1;
  });
  const begin = (instanceId: string, name: string) =>
    work.begin(instanceId, () => {
      begun.push(name);
      return new Promise((resolve) => ends.push(resolve));
    });
  return { work, begin, begun, ends, skippedEnds: () => skippedEnds };
}

test("a slow instance is skipped until its work has ended, which is told; another is not held up", async () => {
  const { begin, begun, ends, skippedEnds } = start();
  begin("slow", "slow, first");
  begin("slow", "slow, second");
  begin("other", "other");
  assert.deepEqual(begun, ["slow, first", "other"]);
  for (const end of ends) end();
  await setImmediate();
  assert.equal(skippedEnds(), 1);
  begin("slow", "slow, third");
  assert.deepEqual(begun, ["slow, first", "other", "slow, third"]);
});

test("work that fails is not tried again before the next pass", async () => {
  const { work, begin, begun, skippedEnds } = start();
  work.begin("failing", () => Promise.reject(new Error("a taken port")));
  await work.ended();
  assert.equal(skippedEnds(), 0);
  begin("failing", "next pass");
  assert.deepEqual(begun, ["next pass"]);
});

test("the end waits for what has begun", async () => {
  const { work, begin, ends } = start();
  begin("slow", "slow");
  let isOver = false;
  const ended = work.ended().then(() => {
    isOver = true;
  });
  await setImmediate();
  assert.equal(isOver, false);
  for (const end of ends) end();
  await ended;
});
