/** What is decided in each of many situations, for the tests beside the files that decide. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";

/** Situation, what is seen, and what is done: an action with what distinguishes it. */
type Row = readonly [string, Observation, Partial<Decision>];

export function testDecisions(rows: readonly Row[]): void {
  for (const [situation, seen, expected] of rows) {
    test(situation, () => {
      const decision = decide(seen);
      assert.deepEqual({ ...decision, ...expected }, decision, decision.reason);
    });
  }
}
