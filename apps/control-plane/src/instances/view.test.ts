import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp } from "@mainstay/api-contract/common.ts";
import { nextRun } from "./view.ts";

test("the next backup is counted from the creation and never in the past", () => {
  const created = new Date("2026-01-01T12:00:00Z");
  const next = (now: string) => nextRun(created, 24, new Date(now)).toISOString();
  assert.equal(next("2026-01-01T12:00:01Z"), "2026-01-02T12:00:00.000Z");
  assert.equal(next("2026-01-02T12:00:00Z"), "2026-01-03T12:00:00.000Z");
  assert.equal(next("2026-03-05T11:59:59Z"), "2026-03-05T12:00:00.000Z");
});

test("timestamps have six digits", () => {
  assert.equal(formatTimestamp(new Date("2026-01-01T12:00:00.123Z")), "2026-01-01T12:00:00.123000Z");
});
