import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresStatus, PrimaryStatus, StandbyStatus } from "@mainstay/postgres/status.ts";
import { createCoverage } from "./coverage.ts";

const facts = { systemId: "s", timeline: 1, slots: [], access: "open", preparedMark: "" } as const;

test("a commit whose wait was cancelled is uncovered until the standby has what had been written by then", () => {
  const coverage = createCoverage();
  coverage.waitCancelled(100, false);
  assert.equal(coverage.isUncovered(100), true);
  for (const [flushed, onStandby, isUncovered] of [
    [500n, 400n, true],
    [900n, 499n, true],
    [950n, 500n, false],
  ] as const) {
    coverage.answered(primary(flushed, onStandby), 110);
    assert.equal(coverage.isUncovered(120), isUncovered);
  }
});

test("what PostgreSQL was asked before says nothing of it", () => {
  const coverage = createCoverage();
  coverage.waitCancelled(100, false);
  coverage.answered(primary(500n, 500n), 99);
  assert.equal(coverage.isUncovered(100), true);
});

test("where nobody is waited for, and on a standby, there is nothing to cover", () => {
  const alone: PrimaryStatus = { ...primary(500n, 400n), syncStandbys: [] };
  const standby: StandbyStatus = {
    ...{ kind: "standby", systemId: "s", timeline: 1, flushPosition: 1n, replayPosition: 1n },
    ...({ upstream: "b", receiver: "streaming", isPromotable: true } as const),
  };
  for (const status of [alone, standby] satisfies PostgresStatus[]) {
    const coverage = createCoverage();
    coverage.waitCancelled(100, false);
    coverage.answered(status, 110);
    assert.equal(coverage.isUncovered(120), false);
  }
});

test("what the log said before the agent began counts when it was not seen covered for a while", () => {
  const coverage = createCoverage();
  coverage.waitCancelled(100, true);
  assert.deepEqual([coverage.isUncovered(599), coverage.isUncovered(600)], [false, true]);
  coverage.waitCancelled(610, true);
  assert.equal(coverage.isUncovered(610), true);
});

function primary(flushPosition: bigint, onStandby: bigint): PrimaryStatus {
  const standby = { nodeId: "b", isStreaming: true, flushPosition: onStandby, replyStamp: "" };
  return { ...facts, kind: "primary", flushPosition, syncStandbys: ["b"], standbys: [standby] };
}
