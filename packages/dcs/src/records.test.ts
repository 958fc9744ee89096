import assert from "node:assert/strict";
import { test } from "node:test";
import type { LockRecord, NodeStatus } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { formatRecord } from "./format-record.ts";
import {
  formatNodeStatus,
  parseLock,
  parseNodeStatus,
  parseObeyedSpec,
  parseSwitchover,
  RecordError,
} from "./records.ts";

const lock: LockRecord = {
  ...{ term: 3, holder: "pg-6f1c0b0e-1", bootId: "b1", phase: "serving", seq: 7 },
  timing: timingPresets.fast,
};

test("a lock survives being written and parsed", () => {
  assert.deepEqual(parseLock(formatRecord(lock)), lock);
});

test("a lock that does not tell its timing is held as the shortest and waited for as the longest", () => {
  const { timing, ...earlier } = lock;
  const { holdMs, takeMs } = parseLock(JSON.stringify(earlier)).timing;
  assert.deepEqual([holdMs, takeMs], [timing.holdMs, timingPresets.safe.takeMs]);
});

test("a node's status keeps a WAL position beyond 2^53", () => {
  const status: NodeStatus = {
    nodeId: "pg-6f1c0b0e-1",
    observedAt: "2026-01-01T00:00:00.000Z",
    role: "primary",
    state: "primary",
    reason: "serves",
    term: 1,
    timeline: 1,
    systemId: "7300000000000000000",
    flushPosition: 2n ** 63n + 1n,
    isStreaming: false,
    impediment: null,
    pids: { supervisor: 1, agent: null, fencer: null, postmaster: null },
  };
  assert.deepEqual(parseNodeStatus(formatNodeStatus(status)), status);
});

test("a request that was written before requests had a term is of none that there is", () => {
  const request = { id: "r", kind: "switchover", target: "pg-6f1c0b0e-2", reason: "", acceptLoss: false };
  assert.equal(parseSwitchover(JSON.stringify(request)).term, 0);
});

test("a specification whose timing contradicts itself is refused (S4)", () => {
  const member = { id: "pg-6f1c0b0e-1", address: "127.0.0.2", port: 5432 };
  const spec = {
    ...{ generation: 1, instanceId: "i", members: [member], bootstrapNode: member.id },
    ...{ durability: "available", timing: timingPresets.fast },
  };
  assert.deepEqual(parseObeyedSpec(JSON.stringify(spec)), spec);
  const hasty = { ...spec, timing: { ...timingPresets.fast, takeMs: 1_600 } };
  assert.throws(
    () => parseObeyedSpec(JSON.stringify(hasty)),
    (error) => error instanceof RecordError && /takeMs must exceed holdMs/.test(error.message),
  );
});

test("a malformed record is refused with its field", () => {
  const malformed: [string, string][] = [
    ["{", ""],
    [JSON.stringify({ ...lock, phase: "happy" }), "/phase"],
    [JSON.stringify({ ...lock, term: 0 }), "/term"],
    [JSON.stringify({ ...lock, holder: "pg'; drop" }), "/holder"],
  ];
  for (const [text, field] of malformed) {
    assert.throws(
      () => parseLock(text),
      (error) => error instanceof RecordError && error.fault.field === field,
    );
  }
});
