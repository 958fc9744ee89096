/** The one shape of every controller's loop: woken by an event or a timer, one pass at a time, no retries. */
import type { Log } from "@mainstay/runtime/log.ts";
import { pause } from "@mainstay/runtime/pause.ts";

export interface Waker {
  /** Ends the current wait; without one, the next ends at once, so that no event is lost. */
  wake(): void;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  readonly pass: (signal: AbortSignal) => Promise<void>;
  readonly everyMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly waker?: Waker;
}

/** Runs `pass` until aborted. A failed pass is logged and waits for the next. */
export async function runLoop({ name, pass, everyMs, log, signal, waker }: LoopOptions): Promise<void> {
  const next = waker ?? createWaker();
  while (!signal.aborted) {
    try {
      await pass(signal);
    } catch (error) {
      if (!signal.aborted) log.error({ loop: name, err: error }, "pass failed, trying again next time");
    }
    await next.wait(everyMs, signal);
  }
}

export function createWaker(): Waker {
  let isAwake = false;
  let end: AbortController | undefined;
  return {
    wake() {
      isAwake = true;
      end?.abort();
    },
    async wait(ms, signal) {
      if (!isAwake) {
        end = new AbortController();
        await pause(ms, AbortSignal.any([signal, end.signal]));
      }
      isAwake = false;
      end = undefined;
    },
  };
}
