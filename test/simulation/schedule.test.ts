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

/** Always the same schedules: `npm run simulate` looks for new ones. */
test("no schedule of faults breaks an invariant, and after healing the instance recovers", () => {
  const schedule = fc.record({ seed: fc.nat(), faults: fc.array(anyFault, { maxLength: 12 }) });
  fc.assert(fc.property(schedule, holds), { numRuns: 2_500, seed: 1 });
});

test("a claim that never reached the store does not keep its node from claiming again", () => {
  holds({ seed: 2415 });
});

test("a primary that thaws in the middle of its start, with its time over, acknowledges nothing", () => {
  holds({
    seed: 0,
    faults: [
      { kind: "kill postmaster", node: 0, afterMs: 74, forMs: 20 },
      { kind: "stop platform", node: 0, afterMs: 1_650, forMs: 2_500 },
      { kind: "crash node", node: 0, afterMs: 2_023, forMs: 467 },
      { kind: "freeze node", node: 1, afterMs: 608, forMs: 2_500 },
      { kind: "cut off from store", node: 1, afterMs: 357, forMs: 2_500 },
      { kind: "crash node", node: 0, afterMs: 1_968, forMs: 2_500 },
    ],
  });
});
