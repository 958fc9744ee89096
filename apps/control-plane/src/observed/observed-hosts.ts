/** What each host is and since when, by this process's own looks. */
import type { Compute, Host } from "@mainstay/compute/compute.ts";
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";

export const staleAfterMs = 15_000;
const everyMs = 500;

export interface ObservedHosts {
  /** As last seen; undefined: not within `staleAfterMs`, or no such host. */
  stateOf(hostId: string): Host["state"] | undefined;
  /** How long it has been in that state; 0 while nothing is known. */
  forMs(hostId: string): number;
  readonly ended: Promise<void>;
}

export function observeHosts(compute: Compute, log: Log, signal: AbortSignal): ObservedHosts {
  const seen = new Map<string, { state: Host["state"]; sinceMs: number }>();
  let heardAtMs = Number.NEGATIVE_INFINITY;
  const isFresh = () => monotonicMs() - heardAtMs < staleAfterMs;
  async function pass(loopSignal: AbortSignal): Promise<void> {
    const hosts = await compute.hosts(AbortSignal.any([loopSignal, AbortSignal.timeout(5_000)]));
    const wasFresh = isFresh();
    heardAtMs = monotonicMs();
    for (const { id, state } of hosts) {
      const before = wasFresh ? seen.get(id) : undefined;
      seen.set(id, { state, sinceMs: before?.state === state ? before.sinceMs : heardAtMs });
    }
  }
  return {
    stateOf: (hostId) => (isFresh() ? seen.get(hostId)?.state : undefined),
    forMs(hostId) {
      const since = isFresh() ? seen.get(hostId)?.sinceMs : undefined;
      return since === undefined ? 0 : monotonicMs() - since;
    },
    ended: runLoop({ name: "hosts", pass, everyMs, log, signal }),
  };
}
