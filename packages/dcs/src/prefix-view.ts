/** A live copy of everything below one prefix of the store. */
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { Store, StoredValue, WatchEvent } from "./store.ts";

export interface ViewedValue {
  readonly value: StoredValue;
  /** When this process first observed this revision of the key, on the monotonic clock. */
  readonly changedAtMs: number;
}

export interface PrefixView {
  readonly values: ReadonlyMap<string, ViewedValue>;
  /** When the store was last heard from, on the monotonic clock. */
  readonly heardAtMs: number;
  /** False before the first snapshot, and while the watch is lost. */
  readonly isLive: boolean;
  /** Resolves when the watch has ended after its signal was aborted. */
  readonly ended: Promise<void>;
}

/** `onChange` is called after every event that changes the view, its liveness included. */
export function openPrefixView(
  store: Pick<Store, "watch">,
  prefix: string,
  onChange: (event: WatchEvent) => void,
  signal: AbortSignal,
  now: () => number = monotonicMs,
): PrefixView {
  const values = new Map<string, ViewedValue>();
  const state = { heardAtMs: now(), isLive: false };
  const listener = (event: WatchEvent) => {
    if (event.kind !== "lost") state.heardAtMs = now();
    if (event.kind === "alive") return;
    state.isLive = event.kind !== "lost";
    applyEvent(values, event, state.heardAtMs);
    onChange(event);
  };
  const ended = store.watch(prefix, listener, signal);
  return {
    values,
    ended,
    get heardAtMs() {
      return state.heardAtMs;
    },
    get isLive() {
      return state.isLive;
    },
  };
}

function applyEvent(values: Map<string, ViewedValue>, event: WatchEvent, atMs: number): void {
  switch (event.kind) {
    case "snapshot":
      applySnapshot(values, event.values, atMs);
      return;
    case "put":
      values.set(event.value.key, { value: event.value, changedAtMs: atMs });
      return;
    case "delete":
      values.delete(event.key);
      return;
    case "alive":
    case "lost":
      return;
  }
}

/** A revision that was seen before keeps the time it was first seen at: a challenger's timer goes on. */
function applySnapshot(values: Map<string, ViewedValue>, fresh: readonly StoredValue[], atMs: number): void {
  const before = new Map(values);
  values.clear();
  for (const value of fresh) {
    const known = before.get(value.key);
    const isKnown = known?.value.modRevision === value.modRevision;
    values.set(value.key, isKnown ? known : { value, changedAtMs: atMs });
  }
}
