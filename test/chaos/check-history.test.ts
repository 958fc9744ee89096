import assert from "node:assert/strict";
import { test } from "node:test";
import { historyProblems } from "./check-history.ts";
import type { History, Outcome, Read, Write } from "./history.ts";

const [first, second] = ["127.0.0.1", "127.0.0.2"];

function append(id: number, endedMs: number, timeline = 1, outcome: Outcome = "acknowledged"): Write {
  const by = outcome === "acknowledged" ? { timeline, address: timeline === 1 ? first : second } : undefined;
  return { kind: "append", id, outcome, endedMs, by };
}

function read(startedMs: number, found: readonly number[], more: Partial<Read> = {}): Read {
  return { startedMs, total: 100, fromId: 1, found: new Set(found), ...more };
}

function history(writes: readonly Write[], reads: readonly Read[]): History {
  return { writes, reads, total: 100 };
}

test("a history in which every acknowledged row is read is accepted", () => {
  assert.deepEqual(historyProblems(history([append(1, 10), append(2, 20, 2)], [read(30, [1, 2])])), []);
});

test("an acknowledged row that a later read lacks is found", () => {
  assert.deepEqual(historyProblems(history([append(1, 10), append(2, 20)], [read(30, [1])])), [
    "the read at 30 ms lacks 1 acknowledged rows: 2",
  ]);
});

test("a row that was acknowledged while a read ran may be missing from it", () => {
  assert.deepEqual(historyProblems(history([append(1, 31)], [read(30, [])])), []);
});

test("rows below those that a read looked at are not missed", () => {
  assert.deepEqual(historyProblems(history([append(1, 10)], [read(30, [], { fromId: 2 })])), []);
});

test("a write whose answer was lost may be there or not", () => {
  const writes = [append(1, 10, 1, "indeterminate"), append(2, 20, 1, "failed")];
  assert.deepEqual(historyProblems(history(writes, [read(30, [1]), read(40, [])])), []);
});

test("accounts that hold another sum are found", () => {
  assert.deepEqual(historyProblems(history([], [read(30, [], { total: 90 })])), [
    "the accounts hold 90 instead of 100 at 30 ms",
  ]);
});

test("an acknowledgement of a deposed primary after the new one's first is found", () => {
  const writes = [append(1, 10, 1), append(2, 20, 2), append(3, 25, 1)];
  assert.deepEqual(historyProblems(history(writes, [])), [
    "timeline 1 (127.0.0.1) acknowledged 3 at 25 ms, after timeline 2 (127.0.0.2) at 20 ms",
  ]);
});

test("two nodes that acknowledge on one timeline are found", () => {
  const other: Write = { ...append(2, 20), by: { timeline: 1, address: second } };
  assert.deepEqual(historyProblems(history([append(1, 10), other], [])), [
    "timeline 1 is of 127.0.0.1 and of 127.0.0.2",
  ]);
});
