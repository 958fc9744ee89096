/** What survives a power cut. */
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Random } from "./clock.ts";
import { type Process, SimulatedFailure, type Task, type Wait } from "./process.ts";
import type { DataDirectory } from "./sim-data.ts";

/** What the agent renders into configuration files. */
export interface Settings {
  syncStandbys: readonly string[];
  upstream: string | undefined;
  access: "open" | "closed";
}

export class SimDisk {
  highestTerm = 0;
  dataTerm = 0;
  intent: Observation["intent"];
  data: DataDirectory | undefined;
  readonly settings: Settings = { syncStandbys: [], upstream: undefined, access: "closed" };
  /** PostgreSQL's log says that waits were cancelled. */
  hasCancelledWaits = false;
  /** How much longer each fsync takes. */
  slowness = 1;
  isFull = false;
  /** Recovery takes so much longer. */
  recoveryMs = 0;
  /** True time since when the device answers nothing. */
  hangsSinceMs: number | undefined;
  readonly #random: Random;
  #hangs = 0;
  #waiting: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns what ends it: then everything that waited is carried out. */
  hang(nowMs: number): () => void {
    this.#hangs += 1;
    this.hangsSinceMs ??= nowMs;
    return () => {
      this.#hangs -= 1;
      if (this.#hangs > 0) return;
      this.hangsSinceMs = undefined;
      for (const run of this.#waiting.splice(0)) run();
    };
  }

  /** `run` is called when the device has answered: at once, as a rule. */
  answer(run: () => void): void {
    if (this.hangsSinceMs === undefined) run();
    else this.#waiting.push(run);
  }

  readonly answered: Wait = (resume) => this.answer(resume);

  /** How long an fsync takes. */
  syncMs(least: number, most: number): number {
    return this.#random.between(least, most) * this.slowness;
  }

  /** A durable write of the agent. */
  *write(process: Process, change: () => void): Task {
    yield process.sleep(this.syncMs(0.5, 4));
    yield this.answered;
    if (this.isFull) throw new SimulatedFailure("no space is left on the disk");
    change();
  }
}
