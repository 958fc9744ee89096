import { uptime } from "node:os";
import { monotonicMs } from "./monotonic.ts";

/** The monotonic clock stands still while the machine is suspended; a lease does not. */
const toleratedMs = 100;

/** Starts anew at each call of `start`; `happened` tells whether the machine was suspended since. */
export function createSuspensionWatch() {
  let offsetMs = suspendedMs();
  return {
    start(): void {
      offsetMs = suspendedMs();
    },
    happened: (): boolean => suspendedMs() - offsetMs > toleratedMs,
  };
}

function suspendedMs(): number {
  return uptime() * 1_000 - monotonicMs();
}
