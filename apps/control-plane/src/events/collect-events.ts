/**
 * Moves events from the store into the database. Every replica does it; an event that two of them read is one row.
 * While no replica runs, the store keeps the newest of each source.
 */
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import { eventsPrefix, instanceOfEventKey } from "@mainstay/dcs/keys.ts";
import { parseEvent, RecordError } from "@mainstay/dcs/records.ts";
import type { Store, StoredValue, WatchEvent } from "@mainstay/dcs/store.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { uuidPattern } from "../instances/find.ts";
import type { Database } from "../store/database.ts";
import { deleteOldEvents, putEvents } from "../store/events.ts";

const everyMs = 1_000;
const cleanEveryMs = 3600_000;
/** etcd refuses transactions of more than 128 operations. */
const batchSize = 100;

export interface CollectPorts {
  readonly db: Database;
  readonly store: Store;
  readonly log: Log;
}

/** Runs until aborted. */
export async function collectEvents({ db, store, log }: CollectPorts, signal: AbortSignal): Promise<void> {
  const waker = createWaker();
  const waiting = new Map<string, StoredValue>();
  const listener = (change: WatchEvent) => {
    for (const value of valuesOf(change)) waiting.set(value.key, value);
    if (waiting.size > 0) waker.wake();
  };

  async function pass(passSignal: AbortSignal): Promise<void> {
    for (const [instanceId, values] of Map.groupBy(waiting.values(), ({ key }) => instanceOfEventKey(key))) {
      for (let at = 0; at < values.length; at += batchSize) {
        const batch = values.slice(at, at + batchSize);
        if (instanceId && uuidPattern.test(instanceId)) await putEvents(db, instanceId, readable(batch, log));
        // Only now, and each key was written once: what is deleted here is in the database.
        const deletes = batch.map(({ key }) => ({ delete: key }));
        await store.transact([], deletes, { timeoutMs: 3_000, signal: passSignal });
        for (const { key } of batch) waiting.delete(key);
      }
    }
  }

  await Promise.all([
    store.watch(eventsPrefix, listener, signal),
    runLoop({ name: "events", pass, everyMs, log, signal, waker }),
    runLoop({ name: "old events", pass: () => deleteOldEvents(db), everyMs: cleanEveryMs, log, signal }),
  ]);
}

function valuesOf(change: WatchEvent): readonly StoredValue[] {
  if (change.kind === "snapshot")
    return change.values.toSorted((a, b) => Number(a.modRevision - b.modRevision));
  return change.kind === "put" ? [change.value] : [];
}

/** What cannot be read never will be: it is said once and goes. */
function readable(values: readonly StoredValue[], log: Log): InstanceEvent[] {
  return values.flatMap(({ key, value }) => {
    try {
      return [parseEvent(value)];
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      log.error({ key, err: error }, "an event cannot be read");
      return [];
    }
  });
}
