import assert from "node:assert/strict";
import { test } from "node:test";
import { mustFence } from "./lease.ts";

test("a PostgreSQL that may write is fenced without a deadline ahead (S12)", () => {
  assert.equal(mustFence({ nowMs: 10, deadlineMs: undefined, mayWrite: true }), true);
  assert.equal(mustFence({ nowMs: 10, deadlineMs: 10, mayWrite: true }), true);
  assert.equal(mustFence({ nowMs: 9, deadlineMs: 10, mayWrite: true }), false);
  assert.equal(mustFence({ nowMs: 10, deadlineMs: undefined, mayWrite: false }), false);
});
