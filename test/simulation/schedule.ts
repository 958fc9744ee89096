/** One run: a cluster begins, is hurt as the schedule says, is healed, and has to recover. */
import { createRandom } from "./clock.ts";
import { type ClusterOptions, SimulatedCluster } from "./cluster.ts";
import { type Fault, randomFaults } from "./faults.ts";
import type { Violation } from "./invariants.ts";

export interface ScheduleOptions extends ClusterOptions {
  /** Left out: drawn from the seed. */
  readonly faults?: readonly Fault[];
}

const recoverMs = 60_000;

export function runSchedule({ faults, ...options }: ScheduleOptions): {
  readonly cluster: SimulatedCluster;
  readonly violations: readonly Violation[];
} {
  const cluster = new SimulatedCluster(options);
  if (cluster.advanceUntilHealthy(recoverMs)) {
    cluster.inject(faults ?? randomFaults(createRandom(~options.seed)));
    cluster.heal();
    cluster.advanceUntilHealthy(recoverMs);
  }
  return { cluster, violations: cluster.violations };
}
