import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLock, parseNodeStatus, parseSpec, parseSwitchover, parseSync } from "@mainstay/dcs/records.ts";
import { guards } from "./cluster.ts";
import type { Fault } from "./faults.ts";
import { type Run, runSchedule, type ScheduleOptions } from "./schedule.ts";
import { calm } from "./settings.ts";
import { describe, shrink } from "./shrink.ts";
import { contentOf } from "./sim-records.ts";

/** A failure names the shortest schedule that still fails, with the transcript of its run. */
function holds(options: ScheduleOptions): Run {
  const run = runSchedule(options);
  if (run.violations.length > 0) assert.fail(describe(shrink(options), options.seed));
  return run;
}

test("a new instance begins to serve, synchronously", () => {
  holds({ seed: 1, faults: [], settings: { startsHealthy: true } });
});

test("one seed gives one run, with a transcript and without", () => {
  const [one, other, silent] = [true, true, false].map((isRecorded) => runSchedule({ seed: 7, isRecorded }));
  assert.notEqual(one?.cluster.transcript(), "");
  assert.equal(one?.cluster.transcript(), other?.cluster.transcript());
  assert.deepEqual(silent?.cluster.invariants.acknowledgements, one?.cluster.invariants.acknowledgements);
});

/** Always the same schedules: `npm run simulate` looks for new ones. */
test("no schedule of faults breaks an invariant, and after healing the instance recovers", () => {
  for (let seed = 1_000_000; seed < 1_001_000; seed += 1) holds({ seed });
});

test("every record of a run survives its text", () => {
  const parsers = { spec: parseSpec, lock: parseLock, sync: parseSync, status: parseNodeStatus };
  for (let seed = 1; seed <= 20; seed += 1) {
    const { cluster } = runSchedule({ seed });
    for (const stored of cluster.world.store.values.values()) {
      const [kind, record] = Object.entries(contentOf(stored))[0] ?? [];
      const parse = { ...parsers, request: parseSwitchover }[kind as keyof typeof parsers];
      assert.deepEqual(parse(stored.value), record);
    }
  }
});

test("a failing schedule is shrunk to the faults that matter", () => {
  const noise: Fault = { kind: "slow disk", node: 1, atMs: 100, forMs: 200, detail: 1 };
  const faults: Fault[] = [noise, { ...noise, kind: "freeze agent", node: 0 }, { ...noise, atMs: 9_000 }];
  const lasting = faults.map((fault) => ({ ...fault, forMs: 8_000 }));
  const unfenced = { seed: 3, settings: calm, guards: { ...guards, hasFencer: false } };
  const { violations, faults: left } = shrink({ ...unfenced, faults: lasting });
  assert.equal(violations[0]?.invariant, "S3");
  assert.ok(left.length < faults.length && left.some(({ kind }) => kind === "freeze agent"));
});
