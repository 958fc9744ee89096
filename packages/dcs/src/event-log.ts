/**
 * Events on their way into the store, beside everything that must not wait for them: recording one only remembers
 * it. Of each instance the store keeps the newest `keptEvents` of a source, until the control plane takes them.
 */
import type { EventOutcome, InstanceEvent, NewEvent } from "@mainstay/domain/event.ts";
import { formatRecord } from "./format-record.ts";
import { eventKeys, instanceKeys } from "./keys.ts";
import type { PrefixView } from "./prefix-view.ts";
import type { Store, Write } from "./store.ts";

export const keptEvents = 500;
/** While the store is away; the oldest go first. */
const waitingLimit = 500;
/** Puts in one transaction, with as many deletes: etcd refuses more than 128 operations. */
const batchSize = 50;
const timeoutMs = 1_000;

export interface EventLog {
  /** The answer tells later how the event's action ended. */
  record(instanceId: string, event: NewEvent): (outcome: EventOutcome) => void;
  /** Writes what waits; rejects when the store is away, and then it waits on. */
  flush(signal: AbortSignal): Promise<void>;
}

export interface EventLogOptions {
  readonly store: Pick<Store, "list" | "transact">;
  readonly source: string;
  /** One run of the source: begins every id that it makes. */
  readonly runId: string;
  readonly guardOf: (instanceId: string) => Guard;
  readonly now: () => Date;
  readonly onRecord: () => void;
}

/** What keeps a late event from bringing back the keys of an instance that was deleted. */
export type Guard =
  | { readonly kind: "exists"; readonly specRevision: bigint }
  | { readonly kind: "gone" | "unknown" };

interface Waiting {
  readonly instanceId: string;
  readonly key: string;
  event: InstanceEvent;
  isSent: boolean;
}

export function createEventLog(options: EventLogOptions): EventLog {
  const { source, runId, guardOf, now, onRecord } = options;
  const waiting: Waiting[] = [];
  const ring = createRing(options);
  let count = 0;

  function wait(instanceId: string, event: InstanceEvent, suffix = ""): Waiting {
    const entry = { instanceId, key: eventKeys(instanceId).event(event.id) + suffix, event, isSent: false };
    waiting.push(entry);
    waiting.splice(0, waiting.length - waitingLimit);
    onRecord();
    return entry;
  }

  function drop(entries: readonly Waiting[]): void {
    const rest = waiting.filter((entry) => !entries.includes(entry));
    waiting.splice(0, waiting.length, ...rest);
  }

  return {
    record(instanceId, given) {
      const id = `${source}/${given.id ?? `${runId}-${String(++count).padStart(6, "0")}`}`;
      const event = { at: now().toISOString(), ...given, id, source };
      const entry = wait(instanceId, event);
      return (outcome) => {
        // A key is written once: whoever read it may delete it.
        if (entry.isSent) wait(instanceId, { ...event, ...outcome }, ".end");
        else entry.event = { ...event, ...outcome };
      };
    },
    async flush(signal) {
      ring.forget((instanceId) => guardOf(instanceId).kind === "gone");
      for (const [instanceId, entries] of Map.groupBy(waiting, (entry) => entry.instanceId)) {
        const guard = guardOf(instanceId);
        if (guard.kind === "gone") drop(entries);
        if (guard.kind !== "exists") continue;
        for (let at = 0; at < entries.length; at += batchSize) {
          const batch = entries.slice(at, at + batchSize);
          if (await ring.write(instanceId, batch, guard.specRevision, signal)) drop(batch);
        }
      }
    },
  };
}

/** Writes events and takes the oldest of their source away. */
function createRing({ store, source }: Pick<EventLogOptions, "store" | "source">) {
  const keys = new Map<string, string[]>();

  /** What an earlier run left counts too. */
  async function keysOf(instanceId: string, signal: AbortSignal): Promise<string[]> {
    const known = keys.get(instanceId);
    if (known) return known;
    const found = await store.list(eventKeys(instanceId).sourcePrefix(source), { timeoutMs, signal });
    const oldestFirst = found.toSorted((a, b) => Number(a.modRevision - b.modRevision));
    const listed = oldestFirst.map(({ key }) => key);
    keys.set(instanceId, listed);
    return listed;
  }

  return {
    forget(isGone: (instanceId: string) => boolean): void {
      for (const instanceId of keys.keys()) if (isGone(instanceId)) keys.delete(instanceId);
    },
    async write(instanceId: string, batch: readonly Waiting[], specRevision: bigint, signal: AbortSignal) {
      const kept = await keysOf(instanceId, signal);
      const old = kept.slice(0, Math.min(batchSize, Math.max(0, kept.length + batch.length - keptEvents)));
      const puts = batch.map((entry): Write => {
        entry.isSent = true;
        return { put: entry.key, value: formatRecord(entry.event) };
      });
      const guard = { key: instanceKeys(instanceId).spec, modRevision: specRevision };
      const deletes = old.map((key): Write => ({ delete: key }));
      const { succeeded } = await store.transact([guard], [...puts, ...deletes], { timeoutMs, signal });
      if (succeeded) keys.set(instanceId, [...kept.slice(old.length), ...batch.map(({ key }) => key)]);
      return succeeded;
    },
  };
}

/** From a view that shows the instance's specification. */
export function guardFrom(view: PrefixView, instanceId: string): Guard {
  const spec = view.values.get(instanceKeys(instanceId).spec);
  if (spec) return { kind: "exists", specRevision: spec.value.modRevision };
  return { kind: view.isLive ? "gone" : "unknown" };
}
