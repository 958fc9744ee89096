import assert from "node:assert/strict";
import { test } from "node:test";
import { eventLine, incidentLines } from "./timeline.ts";

const event = {
  ...{
    id: "1",
    at: "2026-01-01T00:00:00.000Z",
    source: "pg-0a1b2c3d-1",
    kind: "decision",
    action: "promote",
  },
  ...{ reason: "this node leads", term: 2, took_ms: 53, failure: null, inputs: { lockAgeMs: 7 } },
};

test("an event is one line", () => {
  assert.equal(
    eventLine(event),
    "2026-01-01T00:00:00.000Z  pg-0a1b2c3d-1  t2    promote: this node leads (53 ms)",
  );
});

test("a failure, sessions cut and what is not known are said, and nothing steers the terminal", () => {
  const line = eventLine({
    ...event,
    ...{
      term: 0,
      took_ms: 12_345,
      failure: "no\nroom\u001b[2J",
      inputs: { sessionsCut: 3, transactions: null },
    },
  });
  assert.equal(
    line,
    "2026-01-01T00:00:00.000Z  pg-0a1b2c3d-1  -     promote: this node leads (12.3 s) [sessions cut 3, transactions unknown] FAILED: no room [2J",
  );
});

test("an incident says what was seen, decided, lost and won", () => {
  const sign = { at: event.at, source: "b", reason: "the stream broke" };
  const incident = {
    ...{ id: "1", kind: "failover" as const, planned: false, term: 2, leader_before: "a", leader_after: "b" },
    ...{
      cause: sign,
      decision: { ...sign, reason: "a is gone" },
      phases: [{ name: "detected", took_ms: 1_900 }],
    },
    ...{ write_gap_ms: 2_105, sessions_cut: 7, recovered_at: null },
    discarded: { bytes: 300, transactions: null, acknowledged: 0, estimated: false },
  };
  assert.deepEqual(incidentLines(incident), [
    "2026-01-01T00:00:00.000Z  failover, term 2: a → b",
    "  seen      the stream broke (by b)",
    "  decided   a is gone (by b at 2026-01-01T00:00:00.000Z)",
    "  phases    detected 1900 ms",
    "  writes    none for 2105 ms, 7 sessions cut",
    "  discarded 300 bytes of the old primary, an unknown number of transactions, 0 acknowledged",
    "  outcome   not recovered",
  ]);
});

test("an estimated loss is called one, and commits that waited are no failover", () => {
  const sign = { at: event.at, source: "a", reason: "commits wait for b" };
  const waited = {
    ...{ id: "1", kind: "blocked-commits" as const, planned: false, term: 2 },
    ...{ leader_before: "a", leader_after: null, cause: sign, decision: sign, phases: [] },
    ...{ write_gap_ms: null, sessions_cut: 0, recovered_at: null },
    discarded: { bytes: 4_096, transactions: null, acknowledged: null, estimated: true },
  };
  const lines = incidentLines(waited);
  assert.match(lines[0] ?? "", /blocked-commits, term 2: a waited for its standby$/);
  assert.equal(
    lines[5],
    "  discarded an estimated 4096 bytes, as far as was known when the loss was accepted",
  );
});
