/** A simulated process: tasks that wait, and that a kill ends and a freeze holds up. */
import type { Clock } from "./clock.ts";

/** What a task waits for: it is given what to call when that has come. */
export type Wait = (resume: () => void) => void;
export type Task<T = void> = Generator<Wait, T, void>;

/** What fails in the simulated world; everything else that is thrown is an error of the simulator. */
export class SimulatedFailure extends Error {
  override readonly name = "SimulatedFailure";
}

/** A node's monotonic clock: it runs a little faster or slower than true time, and not while the machine is suspended. */
export interface LocalClock {
  readonly rate: number;
  readonly offsetMs: number;
  suspendedMs: number;
}

export class Process {
  readonly #clock: Clock;
  readonly #local: LocalClock;
  readonly #held: (() => void)[] = [];
  #state: "running" | "frozen" | "dead" = "running";

  constructor(clock: Clock, local: LocalClock) {
    this.#clock = clock;
    this.#local = local;
  }

  get isAlive(): boolean {
    return this.#state !== "dead";
  }

  get isFrozen(): boolean {
    return this.#state === "frozen";
  }

  /** The node's monotonic clock. */
  get nowMs(): number {
    const { offsetMs, rate, suspendedMs } = this.#local;
    return offsetMs + this.#clock.nowMs * rate - suspendedMs;
  }

  start(task: Task, onFailure?: (failure: SimulatedFailure) => void): void {
    const resume = this.inside(() => {
      try {
        const { done, value } = task.next();
        if (!done) value(resume);
      } catch (error) {
        if (!(error instanceof SimulatedFailure) || !onFailure) throw error;
        onFailure(error);
      }
    });
    resume();
  }

  /** Runs in this process when called: never once it is dead, and only after a thaw while it is frozen. */
  inside(run: () => void): () => void {
    const attempt = () => {
      if (this.#state === "running") run();
      else if (this.#state === "frozen") this.#held.push(attempt);
    };
    return attempt;
  }

  /** After `ms` of the node's clock. */
  after(ms: number, run: () => void): void {
    this.#clock.after(ms / this.#local.rate, this.inside(run));
  }

  sleep(ms: number): Wait {
    return (resume) => this.#clock.after(ms / this.#local.rate, resume);
  }

  *waitFor<T>(look: () => T | undefined, what: string, timeoutMs: number, everyMs = 5): Task<T> {
    const untilMs = this.nowMs + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.nowMs >= untilMs) throw new SimulatedFailure(`${what} did not come within ${timeoutMs} ms`);
      yield this.sleep(everyMs);
    }
  }

  kill(): void {
    this.#state = "dead";
    this.#held.length = 0;
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    for (const run of this.#held.splice(0)) run();
  }
}

/** An answer that comes later, once. */
export class Reply<T> {
  #value: { readonly is: T } | undefined;
  #resume: (() => void) | undefined;

  settle(value: T): void {
    if (this.#value) return;
    this.#value = { is: value };
    this.#resume?.();
  }

  *get(): Task<T> {
    if (!this.#value) {
      yield (resume) => {
        this.#resume = resume;
      };
    }
    if (!this.#value) throw new Error("BUG: resumed without an answer");
    return this.#value.is;
  }
}

/** Ends a wait early; a call without a wait ends the next one at once. */
export class Waker {
  #isAwake = false;
  #resume: (() => void) | undefined;

  wake(): void {
    this.#isAwake = true;
    this.#resume?.();
  }

  *wait(process: Process, ms: number): Task {
    if (!this.#isAwake) {
      let isOver = false;
      yield (resume) => {
        const once = () => {
          if (isOver) return;
          isOver = true;
          resume();
        };
        this.#resume = once;
        process.sleep(ms)(once);
      };
    }
    this.#isAwake = false;
    this.#resume = undefined;
  }
}
