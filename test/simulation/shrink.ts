/** From a run that fails to the shortest schedule of the same seed that still breaks the same invariant. */
import type { Fault } from "./faults.ts";
import { type Run, runSchedule, type ScheduleOptions } from "./schedule.ts";

const mostRuns = 400;

/** The run of the shortest schedule, with its transcript. */
export function shrink(options: ScheduleOptions): Run {
  const { violations, faults } = runSchedule(options);
  const broken = violations[0]?.invariant;
  let best: readonly Fault[] = faults;
  let runs = 0;
  const fails = (candidate: readonly Fault[]) => {
    runs += 1;
    return runSchedule({ ...options, faults: candidate }).violations.some(
      ({ invariant }) => invariant === broken,
    );
  };
  const isBetter = (candidate: readonly Fault[]) => {
    if (!broken || runs >= mostRuns || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = faults.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.length; ) {
      if (!isBetter(best.toSpliced(from, size))) from += size;
    }
  }
  best.forEach((_, index) => {
    for (const change of [shorter, sooner]) while (isBetter(best.with(index, change(at(best, index)))));
  });
  return runSchedule({ ...options, faults: best, isRecorded: true });
}

function at(faults: readonly Fault[], index: number): Fault {
  const fault = faults[index];
  if (!fault) throw new Error("BUG: a schedule without this fault");
  return fault;
}

function shorter(fault: Fault): Fault {
  return { ...fault, forMs: Math.floor(fault.forMs / 2) };
}

function sooner(fault: Fault): Fault {
  return { ...fault, atMs: Math.floor(fault.atMs / 2) };
}

/** What a person needs of a run that failed: what broke, how to repeat it, and what happened. */
export function describe({ cluster, faults, violations }: Run, seed: number): string {
  return [
    `seed ${seed}: ${violations.map(({ invariant, what }) => `${invariant}: ${what}`).join("; ")}`,
    `to repeat it: npm run simulate -- --runs 1 --seed ${seed}`,
    `the shortest schedule that still breaks it, for a scripted test:`,
    ...faults.map((fault) => `  ${JSON.stringify(fault)},`),
    cluster.transcript(),
  ].join("\n");
}
