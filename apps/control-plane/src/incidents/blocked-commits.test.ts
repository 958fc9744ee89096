import assert from "node:assert/strict";
import { test } from "node:test";
import { at, claim, events, type Line, opening } from "./incident-builders.ts";
import { incidents } from "./incidents.ts";

const blocked: Line = [
  700,
  "b",
  "commits",
  "blocked",
  { reason: "commits wait for c", inputs: { waitedFor: "c", blockedForMs: 600 } },
];
const resumed = (ms: number): Line => [ms, "b", "commits", "resumed"];
const letGo = (ms: number): Line => [
  ms,
  "b",
  "decision",
  "record-sync",
  { inputs: { lockPhase: "serving", syncMode: "sync", syncMembers: "c", wantedMode: "async" } },
];

test("commits that waited for a lost standby are an incident, open until they are acknowledged again", () => {
  const found = (...more: Line[]) => incidents(events(blocked, ...more), true);
  assert.deepEqual(found(resumed(9_000)), [
    {
      ...{ id: "b/0", kind: "blocked-commits", isPlanned: false, term: 2, before: "b", after: null },
      cause: { at: at(100), source: "b", reason: "commits wait for c" },
      decision: { at: at(700), source: "b", reason: "commits wait for c" },
      phases: [
        { name: "detected", tookMs: 600 },
        { name: "resumed", tookMs: 8_300 },
      ],
      ...{ writeGapMs: 8_900, sessionsCut: 0, discarded: null, recoveredAt: at(9_000) },
    },
  ]);
  const [open] = found();
  assert.deepEqual([open?.phases.length, open?.writeGapMs, open?.recoveredAt], [1, null, null]);
  const again: Line = [3_000, ...(blocked.slice(1) as [string, "commits", string])];
  assert.equal(found(again, resumed(9_000)).length, 1, "another agent says it again");
});

test("commits that waited until the standby was let go are part of its loss", () => {
  for (const ms of [710, 90_000]) {
    const lines = [blocked, letGo(ms), resumed(ms + 90)];
    const found = incidents(events(...lines), true);
    assert.deepEqual(
      found.map(({ kind, cause }) => [kind, cause.at]),
      [["standby-loss", at(100)]],
    );
  }
});

test("a leader whose commits waited until another led is part of that failover, and its gap begins there", () => {
  const waiting: Line = [900, "a", "commits", "blocked", { term: 1, inputs: { blockedForMs: 100 } }];
  const found = incidents(events(waiting, claim(2_000), ...opening(2_000)), true);
  assert.deepEqual(
    found.map(({ kind, cause, writeGapMs }) => [kind, cause.at, writeGapMs]),
    [["failover", at(800), 1_405]],
  );
  const late = incidents(events(waiting, claim(90_000), ...opening(90_000)), true);
  assert.deepEqual(
    late.map(({ kind }) => kind),
    ["failover", "blocked-commits"],
  );
});
