import { uptime } from "node:os";
import { monotonicMs } from "./monotonic.ts";

/** The monotonic clock stands still while the machine is suspended; a lease does not. */
const toleratedMs = 100;

/**
 * Starts anew at each call of `start`; `happened` tells whether the machine was suspended since. `offsetMs` takes
 * the moment of its start to another process, whose watch then begins there.
 */
export function createSuspensionWatch(startOffsetMs = suspendedMs()) {
  let offsetMs = startOffsetMs;
  return {
    get offsetMs() {
      return offsetMs;
    },
    start(): void {
      offsetMs = suspendedMs();
    },
    happened: (): boolean => suspendedMs() - offsetMs > toleratedMs,
  };
}

function suspendedMs(): number {
  return uptime() * 1_000 - monotonicMs();
}
