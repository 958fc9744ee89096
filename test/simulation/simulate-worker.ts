/** A thread that runs the schedules it is given, a range of seeds at a time. */
import { parentPort } from "node:worker_threads";
import { runSchedule } from "./schedule.ts";

export interface Range {
  readonly from: number;
  readonly count: number;
}

export interface RangeResult {
  readonly runs: number;
  readonly faults: number;
  readonly simulatedMs: number;
  readonly acknowledged: number;
  readonly failovers: number;
  readonly failed: readonly { readonly seed: number; readonly invariant: string }[];
}

// Failures of the simulated world are thrown by the thousand, and nobody reads where.
Error.stackTraceLimit = 0;

parentPort?.on("message", ({ from, count }: Range) => {
  const result = { runs: count, faults: 0, simulatedMs: 0, acknowledged: 0, failovers: 0 };
  const failed: { seed: number; invariant: string }[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const { cluster, faults, violations } = runSchedule({ seed });
    result.faults += faults.length;
    result.simulatedMs += cluster.clock.nowMs;
    result.acknowledged += cluster.invariants.acknowledgements.length;
    result.failovers += cluster.invariants.failovers;
    const [first] = violations;
    if (first) failed.push({ seed, invariant: first.invariant });
  }
  parentPort?.postMessage({ ...result, failed } satisfies RangeResult);
});
