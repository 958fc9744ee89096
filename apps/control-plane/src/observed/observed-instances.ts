/** What agents reported, from the watch of the store. Too old is unknown, never green. */
import type { Waker } from "@mainstay/control-loop/run-loop.ts";
import { instanceKeys, instancesPrefix } from "@mainstay/dcs/keys.ts";
import { openPrefixView } from "@mainstay/dcs/prefix-view.ts";
import { parseLock, parseNodeStatus, parseSync, RecordError } from "@mainstay/dcs/records.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { LockRecord, NodeStatus, SyncRecord } from "@mainstay/domain/cluster.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";

export const staleAfterMs = 15_000;

export interface ObservedInstances {
  readonly isLive: boolean;
  lock(instanceId: string): LockRecord | undefined;
  sync(instanceId: string): SyncRecord | undefined;
  /** undefined: never heard of, or not within `staleAfterMs`. */
  node(instanceId: string, nodeId: string): NodeStatus | undefined;
  readonly ended: Promise<void>;
}

export function observeInstances(
  store: Store,
  wakers: ReadonlySet<Waker>,
  signal: AbortSignal,
): ObservedInstances {
  const wakeAll = () => {
    for (const waker of wakers) waker.wake();
  };
  const view = openPrefixView(store, instancesPrefix, wakeAll, signal);
  const isLive = () => view.isLive && monotonicMs() - view.heardAtMs < staleAfterMs;
  const read = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const found = isLive() ? view.values.get(key) : undefined;
    return found && parseOrNothing(parse, found.value.value);
  };
  return {
    ended: view.ended,
    get isLive() {
      return isLive();
    },
    lock: (instanceId) => read(instanceKeys(instanceId).lock, parseLock),
    sync: (instanceId) => read(instanceKeys(instanceId).sync, parseSync),
    node(instanceId, nodeId) {
      const key = instanceKeys(instanceId).node(nodeId);
      const changedAtMs = view.values.get(key)?.changedAtMs ?? 0;
      if (monotonicMs() - changedAtMs > staleAfterMs) return undefined;
      const status = read(key, parseNodeStatus);
      // Its own clock too: after a restart of this process an old report looks new.
      return status && Date.now() - Date.parse(status.observedAt) <= staleAfterMs ? status : undefined;
    },
  };
}

/** A record that another version wrote is not understood: nothing is known then. */
function parseOrNothing<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
