import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp } from "./common.ts";

test("timestamps have six digits", () => {
  assert.equal(formatTimestamp(new Date("2026-01-01T12:00:00.123Z")), "2026-01-01T12:00:00.123000Z");
});
