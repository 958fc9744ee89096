/** The simulated fencer: as apps/agent/src/fencer/main.ts, a process of its own. */
import { mustFence } from "@mainstay/ha/lease.ts";
import type { Process, Task } from "./process.ts";

const tickMs = 50;

export class SimFencer {
  readonly process: Process;
  #guard: { readonly mayWrite: boolean; readonly deadlineMs: number | undefined } = {
    mayWrite: false,
    deadlineMs: undefined,
  };
  readonly #kill: () => void;

  constructor(process: Process, kill: () => void) {
    this.process = process;
    this.#kill = kill;
    process.start(this.#watch());
  }

  guard(mayWrite: boolean): void {
    this.#guard = { ...this.#guard, mayWrite };
  }

  /** Whether the deadline is in force. */
  tell(deadlineMs: number): boolean {
    if (!this.process.isAlive || this.process.isFrozen) return false;
    this.#guard = { ...this.#guard, deadlineMs };
    return true;
  }

  *#watch(): Task {
    for (;;) {
      yield this.process.sleep(tickMs);
      if (mustFence({ ...this.#guard, nowMs: this.process.nowMs })) this.#kill();
    }
  }
}
