/** What survives a power cut. */
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Random } from "./clock.ts";
import { type Process, SimulatedFailure, type Task } from "./process.ts";
import type { DataDirectory } from "./sim-data.ts";

/** What the agent renders into configuration files. */
export interface Settings {
  syncStandbys: readonly string[];
  upstream: string | undefined;
  access: "open" | "closed";
}

export class SimDisk {
  highestTerm = 0;
  intent: Observation["intent"];
  data: DataDirectory | undefined;
  readonly settings: Settings = { syncStandbys: [], upstream: undefined, access: "closed" };
  /** How much longer each fsync takes. */
  slowness = 1;
  isFull = false;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long an fsync takes. */
  syncMs(least: number, most: number): number {
    return this.#random.between(least, most) * this.slowness;
  }

  /** A durable write of the agent. */
  *write(process: Process, change: () => void): Task {
    yield process.sleep(this.syncMs(0.5, 4));
    if (this.isFull) throw new SimulatedFailure("no space is left on the disk");
    change();
  }
}
