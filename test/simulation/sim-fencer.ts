/** The simulated fencer: as apps/agent/src/fencer/main.ts, a process of its own. */
import { mustFence } from "@mainstay/ha/lease.ts";
import type { LocalClock, Process, Task } from "./process.ts";

const tickMs = 50;
/** The monotonic clock stands still while the machine is suspended; time that passed so counts too. */
export const suspendedTooLongMs = 100;

interface Guard {
  readonly mayWrite: boolean;
  readonly deadlineMs: number | undefined;
}

export class SimFencer {
  readonly process: Process;
  guarded: Guard;
  readonly #clock: LocalClock;
  readonly #kill: () => void;
  #suspendedMs: number;
  #looksAtMs = 0;
  #toldSuspendedMs: number;

  constructor(process: Process, clock: LocalClock, guard: Guard, kill: () => void) {
    this.process = process;
    this.guarded = guard;
    this.#clock = clock;
    this.#suspendedMs = clock.suspendedMs;
    this.#toldSuspendedMs = clock.suspendedMs;
    this.#kill = kill;
    process.start(this.#watch());
  }

  guard(mayWrite: boolean): void {
    this.guarded = { ...this.guarded, mayWrite };
  }

  /** Whether the deadline is in force. The machine must not have slept since it was worked out. */
  tell(deadlineMs: number, suspendedMs: number): boolean {
    if (!this.process.isAlive || this.process.isFrozen) return false;
    if (this.#clock.suspendedMs - suspendedMs > suspendedTooLongMs) return false;
    this.guarded = { ...this.guarded, deadlineMs };
    this.#toldSuspendedMs = suspendedMs;
    // It sleeps for a deadline of an earlier term, whose timing was longer.
    const untilMs = deadlineMs - this.process.nowMs + tickMs;
    if (this.process.nowMs + untilMs < this.#looksAtMs) this.process.after(untilMs, () => this.look());
    return true;
  }

  /** What the supervisor tells the fencer that replaces this one. */
  get inherited(): Guard {
    const wasSuspended = this.#clock.suspendedMs - this.#toldSuspendedMs > suspendedTooLongMs;
    return { ...this.guarded, deadlineMs: wasSuspended ? undefined : this.guarded.deadlineMs };
  }

  /** What its line to the supervisor does when that ends: nobody would start the next fencer. */
  disconnect(): void {
    this.process.inside(() => {
      this.#kill();
      this.process.kill();
    })();
  }

  /** Most looks of the real one find the deadline ahead: they are left out. */
  #untilLookMs(): number {
    const { mayWrite, deadlineMs } = this.guarded;
    const restMs = mayWrite && deadlineMs !== undefined ? deadlineMs - this.process.nowMs : 0;
    return restMs > tickMs ? Math.ceil(restMs / tickMs) * tickMs : tickMs;
  }

  *#watch(): Task {
    for (;;) {
      const forMs = this.#untilLookMs();
      this.#looksAtMs = this.process.nowMs + forMs;
      yield this.process.sleep(forMs);
      this.look();
    }
  }

  /** Also when its machine goes on after a suspension. */
  look(): void {
    const wasSuspended = this.#clock.suspendedMs - this.#suspendedMs > suspendedTooLongMs;
    if (wasSuspended) this.guarded = { ...this.guarded, deadlineMs: undefined };
    if (mustFence({ ...this.guarded, nowMs: this.process.nowMs })) this.#kill();
    this.#suspendedMs = this.#clock.suspendedMs;
  }
}
