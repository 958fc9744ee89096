/**
 * npm run simulate -- [--runs N] [--minutes N] [--seed S] [--threads N]: runs of random faults, on all cores.
 * One seed is one run, always the same. Of each kind of failure the first is shrunk and printed.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { positiveNumber, wholeNumber } from "../kit/number-option.ts";
import { describe, shrink } from "./shrink.ts";
import type { Range, RangeResult } from "./simulate-worker.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const rangeRuns = 100;
const startedMs = performance.now();
const most = values.runs === undefined ? Number.POSITIVE_INFINITY : wholeNumber("runs", values.runs, 1);
const always = values.runs === undefined ? 1 : Number.POSITIVE_INFINITY;
const minutes = values.minutes === undefined ? always : positiveNumber("minutes", values.minutes);
const firstSeed = wholeNumber("seed", values.seed);
const threads = wholeNumber("threads", values.threads, 1);
let given = 0;
const total = { runs: 0, faults: 0, simulatedMs: 0, acknowledged: 0, failovers: 0 };
const failed = new Map<string, number[]>();

await Promise.all(Array.from({ length: threads }, runThread));
report();

/** Undefined: there is nothing more to do. */
function nextRange(): Range | undefined {
  const count = Math.min(rangeRuns, most - given);
  if (count <= 0 || performance.now() - startedMs >= minutes * 60_000) return undefined;
  const range = { from: firstSeed + given, count };
  given += count;
  return range;
}

function runThread(): Promise<void> {
  const worker = new Worker(join(import.meta.dirname, "simulate-worker.ts"), {
    resourceLimits: { maxYoungGenerationSizeMb: 128 },
  });
  return new Promise((resolve, reject) => {
    const next = () => {
      const range = nextRange();
      if (range) worker.postMessage(range);
      else void worker.terminate().then(() => resolve());
    };
    worker.on("error", reject);
    worker.on("message", (result: RangeResult) => {
      add(result);
      next();
    });
    next();
  });
}

function add(result: RangeResult): void {
  total.runs += result.runs;
  total.faults += result.faults;
  total.simulatedMs += result.simulatedMs;
  total.acknowledged += result.acknowledged;
  total.failovers += result.failovers;
  for (const { seed, invariant } of result.failed) {
    const seeds = failed.get(invariant) ?? [];
    failed.set(invariant, [...seeds, seed]);
    if (seeds.length === 0) console.log(`${describe(shrink({ seed }), seed)}\n`);
  }
}

function report(): void {
  const { runs, faults, simulatedMs, acknowledged, failovers } = total;
  const tookMs = performance.now() - startedMs;
  const each = (count: number) => (count / Math.max(1, runs)).toFixed(1);
  console.log(
    `${runs} schedules in ${(tookMs / 1_000).toFixed(0)} s, ${Math.round((runs / tookMs) * 60_000)} a minute; ` +
      `each on average ${each(faults)} faults, ${each(simulatedMs / 1_000)} simulated s, ` +
      `${each(acknowledged)} acknowledged writes, ${each(failovers)} changes of leader`,
  );
  for (const [invariant, seeds] of failed) {
    const some = seeds.toSorted((one, other) => one - other).slice(0, 20);
    console.log(`${invariant} broke in ${seeds.length}: seeds ${some.join(" ")}`);
  }
  process.exitCode = failed.size > 0 ? 1 : 0;
}
