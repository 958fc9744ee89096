import assert from "node:assert/strict";
import { test } from "node:test";
import { forkOf, historyFile, parseTimelineHistory } from "./timeline-history.ts";

const past = (timeline: number, end: bigint) => ({ timeline, end });

test("a history file lists the timelines before, whatever else it says", () => {
  const text = "1\t0/3000110\tno recovery target specified\n\n# a comment\n2\t1/A0\tbefore 2026\n";
  assert.deepEqual(parseTimelineHistory(text), [past(1, 0x3000110n), past(2, 0x1000000a0n)]);
  assert.equal(historyFile(26), "0000001A.history");
});

test("an old primary parts from the new one where that left its timeline", () => {
  const other = { timeline: 2, past: [past(1, 100n)] };
  assert.deepEqual(forkOf({ timeline: 1, past: [] }, other), past(1, 100n));
});

test("two that were promoted from one timeline part at the earlier promotion", () => {
  const own = { timeline: 2, past: [past(1, 120n)] };
  assert.deepEqual(forkOf(own, { timeline: 3, past: [past(1, 100n)] }), past(1, 100n));
});

test("common history before the fork is passed over", () => {
  const own = { timeline: 2, past: [past(1, 100n)] };
  assert.deepEqual(forkOf(own, { timeline: 3, past: [past(1, 100n), past(2, 300n)] }), past(2, 300n));
});

test("who is on the same timeline, or on one that the other never had, has no known fork", () => {
  const own = { timeline: 2, past: [past(1, 100n)] };
  assert.equal(forkOf(own, own), undefined);
  assert.equal(forkOf({ timeline: 5, past: [] }, own), undefined);
  assert.deepEqual(forkOf(own, { timeline: 1, past: [] }), past(1, 100n));
});
