/** One run: a cluster begins, is hurt as the schedule says, is healed, and has to recover. */
import { createRandom } from "./clock.ts";
import { SimulatedCluster } from "./cluster.ts";
import type { Fault } from "./faults.ts";
import type { Violation } from "./invariants.ts";
import { drawFaults, drawSettings, type Settings } from "./settings.ts";
import type { Guards } from "./sim-node.ts";

export interface ScheduleOptions {
  readonly seed: number;
  /** Left out: drawn from the seed. */
  readonly faults?: readonly Fault[];
  /** What is not as the seed draws it. */
  readonly settings?: Partial<Settings>;
  readonly guards?: Guards;
  /** Keeps the transcript; the run is the same with it and without. */
  readonly isRecorded?: boolean;
}

export interface Run {
  readonly cluster: SimulatedCluster;
  readonly faults: readonly Fault[];
  readonly violations: readonly Violation[];
}

const recoverMs = 60_000;

export function runSchedule({ seed, settings, faults, ...options }: ScheduleOptions): Run {
  const random = createRandom(~seed);
  const drawn = { settings: drawSettings(random), faults: drawFaults(random) };
  const schedule = faults ?? drawn.faults;
  const cluster = new SimulatedCluster({ ...options, seed, settings: { ...drawn.settings, ...settings } });
  if (!cluster.settings.startsHealthy || cluster.advanceUntilHealthy(recoverMs)) {
    cluster.inject(schedule);
    cluster.heal();
    if (cluster.violations.length === 0) cluster.advanceUntilHealthy(recoverMs);
  }
  return { cluster, faults: schedule, violations: cluster.violations };
}
