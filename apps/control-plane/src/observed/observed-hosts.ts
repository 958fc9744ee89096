/** Since when each host has not been running, by this process's own looks. */
import type { Compute, Host } from "@mainstay/compute/compute.ts";
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";

export const staleAfterMs = 15_000;
const everyMs = 500;

export interface ObservedHosts {
  /** As last seen; undefined: not within `staleAfterMs`, or no such host. */
  stateOf(hostId: string): Host["state"] | undefined;
  /** 0 while it runs, and while nothing is known. */
  downForMs(hostId: string): number;
  readonly ended: Promise<void>;
}

export function observeHosts(compute: Compute, log: Log, signal: AbortSignal): ObservedHosts {
  const seen = new Map<string, { state: Host["state"]; downSinceMs: number | undefined }>();
  let heardAtMs = Number.NEGATIVE_INFINITY;
  const isFresh = () => monotonicMs() - heardAtMs < staleAfterMs;
  async function pass(loopSignal: AbortSignal): Promise<void> {
    const hosts = await compute.hosts(AbortSignal.any([loopSignal, AbortSignal.timeout(5_000)]));
    const wasFresh = isFresh();
    heardAtMs = monotonicMs();
    for (const { id, state } of hosts) {
      const since = wasFresh ? seen.get(id)?.downSinceMs : undefined;
      seen.set(id, { state, downSinceMs: state === "running" ? undefined : (since ?? heardAtMs) });
    }
  }
  return {
    stateOf: (hostId) => (isFresh() ? seen.get(hostId)?.state : undefined),
    downForMs(hostId) {
      const since = isFresh() ? seen.get(hostId)?.downSinceMs : undefined;
      return since === undefined ? 0 : monotonicMs() - since;
    },
    ended: runLoop({ name: "hosts", pass, everyMs, log, signal }),
  };
}
