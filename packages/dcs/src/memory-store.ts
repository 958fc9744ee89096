/** The store in memory, for tests and simulations: the same promises, without a server. */
import { pause } from "@mainstay/runtime/pause.ts";
import type { CallOptions, Condition, Store, StoredValue, WatchEvent, Write } from "./store.ts";
import { StoreError } from "./store.ts";

export interface MemoryStore extends Store {
  /** While away, every call fails and every watch is lost; then they get a snapshot. */
  setAway(isAway: boolean): void;
}

interface Watcher {
  readonly prefix: string;
  readonly listener: (event: WatchEvent) => void;
  /** Of its newest snapshot: what happened up to it is not told again. */
  shownRevision: bigint;
}

const aliveEveryMs = 500;

export function createMemoryStore(): MemoryStore {
  const space = createKeySpace();
  const watchers = new Set<Watcher>();
  const disposed = new AbortController();
  let isAway = false;

  function check({ signal }: CallOptions): void {
    if (isAway || signal.aborted) throw new StoreError({ code: "unavailable" });
  }

  function publish(event: WatchEvent): void {
    const key = event.kind === "put" ? event.value.key : event.kind === "delete" ? event.key : "";
    const revision = "revision" in event ? event.revision : 0n;
    for (const { prefix, listener, shownRevision } of watchers) {
      if (key.startsWith(prefix) && revision > shownRevision) listener(event);
    }
  }

  function show(watcher: Watcher): void {
    if (isAway) {
      watcher.listener({ kind: "lost" });
      return;
    }
    watcher.shownRevision = space.revision();
    const values = space.below(watcher.prefix);
    watcher.listener({ kind: "snapshot", values, revision: watcher.shownRevision });
  }

  return {
    async get(key, options) {
      check(options);
      return space.get(key);
    },
    async list(prefix, options) {
      check(options);
      return space.below(prefix);
    },
    async transact(conditions: readonly Condition[], writes: readonly Write[], options) {
      check(options);
      const current = conditions.map(({ key }) => space.get(key));
      if (!conditions.every(({ modRevision }, index) => current[index]?.modRevision === modRevision)) {
        return { succeeded: false, revision: space.revision(), current };
      }
      const events = space.apply(writes);
      queueMicrotask(() => {
        if (!isAway) events.forEach(publish);
      });
      return { succeeded: true, revision: space.revision() };
    },
    async watch(prefix, listener, signal) {
      const ended = AbortSignal.any([signal, disposed.signal]);
      if (ended.aborted) return;
      const watcher = { prefix, listener, shownRevision: 0n };
      watchers.add(watcher);
      show(watcher);
      while (!ended.aborted) {
        await pause(aliveEveryMs, ended);
        if (!isAway && !ended.aborted) listener({ kind: "alive" });
      }
      watchers.delete(watcher);
    },
    setAway(away) {
      isAway = away;
      for (const watcher of watchers) show(watcher);
    },
    async [Symbol.asyncDispose]() {
      disposed.abort();
    },
  };
}

/** Keys with their revisions; nothing here waits or fails. */
function createKeySpace() {
  const values = new Map<string, StoredValue>();
  let revision = 1n;

  const below = (prefix: string) =>
    [...values.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));

  function applyOne(write: Write): WatchEvent[] {
    if ("put" in write) {
      const value = { key: write.put, value: write.value, modRevision: revision };
      values.set(write.put, value);
      return [{ kind: "put", value, revision }];
    }
    const keys =
      "delete" in write
        ? [write.delete].filter((key) => values.has(key))
        : below(write.deletePrefix).map(({ key }) => key);
    return keys.map((key) => {
      values.delete(key);
      return { kind: "delete", key, revision };
    });
  }

  return {
    revision: () => revision,
    get: (key: string) => values.get(key),
    below,
    apply(writes: readonly Write[]): WatchEvent[] {
      revision += 1n;
      return writes.flatMap(applyOne);
    },
  };
}
