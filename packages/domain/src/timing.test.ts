import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets, timingProblems } from "./timing.ts";

test("every preset is consistent", () => {
  for (const timing of Object.values(timingPresets)) assert.deepEqual(timingProblems(timing), []);
});

test("a challenger that may claim before the holder's fence is refused", () => {
  assert.deepEqual(timingProblems({ renewMs: 400, holdMs: 1_600, takeMs: 1_700 }), [
    "takeMs must exceed holdMs by the clock rates' 2 % and 100 ms",
  ]);
});

test("a hold that one stalled renewal ends is refused", () => {
  assert.deepEqual(timingProblems({ renewMs: 600, holdMs: 1_600, takeMs: 2_000 }), [
    "holdMs must outlast three renewals (renewMs)",
  ]);
});
