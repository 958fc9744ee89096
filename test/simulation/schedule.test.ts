import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyFault } from "./faults.ts";
import { runSchedule, type ScheduleOptions } from "./schedule.ts";

/** A failure names the shortest schedule that still fails, with the transcript of its run. */
function holds(options: ScheduleOptions): void {
  const { cluster, violations } = runSchedule(options);
  assert.deepEqual(violations, [], cluster.transcript());
}

test("a new instance begins to serve, synchronously", () => {
  holds({ seed: 1, faults: [] });
});

test("one seed gives one run", () => {
  const [one, other] = [runSchedule({ seed: 7 }), runSchedule({ seed: 7 })];
  assert.equal(one.cluster.transcript(), other.cluster.transcript());
});

test("no schedule of faults breaks an invariant, and after healing the instance recovers", () => {
  const schedule = fc.record({ seed: fc.nat(), faults: fc.array(anyFault, { maxLength: 12 }) });
  fc.assert(fc.property(schedule, holds), { numRuns: 2_500 });
});

test("a claim that never reached the store does not keep its node from claiming again", () => {
  holds({ seed: 2415 });
});
