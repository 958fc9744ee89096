/** What agents reported, from the watch of the store. Too old is unknown, never green. */
import type { Compute } from "@mainstay/compute/compute.ts";
import type { Waker } from "@mainstay/control-loop/run-loop.ts";
import { instanceKeys, instancesPrefix, parseInstanceKey } from "@mainstay/dcs/keys.ts";
import { openPrefixView, type PrefixView } from "@mainstay/dcs/prefix-view.ts";
import {
  parseLock,
  parseNodeStatus,
  parseSpec,
  parseSwitchover,
  parseSync,
  RecordError,
} from "@mainstay/dcs/records.ts";
import type { Store, StoredValue, WatchEvent } from "@mainstay/dcs/store.ts";
import type { LockRecord, NodeStatus, SwitchoverRequest, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { InstanceRecord } from "../store/instances.ts";
import { healthOf, type InstanceHealth, type SeenInstanceParts, type Silence } from "./health.ts";
import { type ObservedHosts, observeHosts, staleAfterMs } from "./observed-hosts.ts";

/** A store that was restarted is back by then; a leader without it has stopped, or is about to. */
const lostAfterMs = 5_000;

export interface ObservedInstances {
  readonly isLive: boolean;
  /** The store was not heard for so long that nobody may be believed to serve. */
  readonly isStoreLost: boolean;
  /** undefined: there is none, or its holder has not renewed it in time. */
  lock(instanceId: string): LockRecord | undefined;
  sync(instanceId: string): SyncRecord | undefined;
  /** undefined: not heard of within `staleAfterMs`. What was there before this process looked is no news. */
  node(instanceId: string, nodeId: string): NodeStatus | undefined;
  hostState(hostId: string): string | undefined;
  /** Those that stand in the store now. */
  requests(): readonly ObservedRequest[];
  /** Of what was seen; `values`: read from the store just now, newer than what was seen perhaps. */
  health(record: InstanceRecord, values?: readonly StoredValue[]): InstanceHealth;
  readonly ended: Promise<unknown>;
}

/** For another leader. */
export interface ObservedRequest {
  readonly instanceId: string;
  readonly revision: bigint;
  readonly forMs: number;
  /** undefined: it cannot be read. */
  readonly request: SwitchoverRequest | undefined;
}

/** Who waits for news of an instance. */
export interface Sleeper {
  readonly instanceId: string;
  readonly waker: Waker;
}

export interface ObservedPorts {
  readonly store: Store;
  readonly compute: Compute;
  readonly sleepers: ReadonlySet<Sleeper>;
  readonly log: Log;
}

/** `replaceAfterMs`: a silence that is worth a replacement is a loss, however short it is. */
export function observeInstances(
  { store, compute, sleepers, log }: ObservedPorts,
  replaceAfterMs: number,
  signal: AbortSignal,
): ObservedInstances {
  const hosts = observeHosts(compute, log, signal);
  const seen: { view?: PrefixView; first?: ReadonlyMap<string, bigint> } = {};
  const onChange = (event?: WatchEvent) => {
    if (seen.view?.isLive) seen.first ??= revisionsOf(seen.view);
    const changed = changedInstance(event);
    for (const { instanceId, waker } of sleepers) if (!changed || changed === instanceId) waker.wake();
  };
  const view = openPrefixView(store, instancesPrefix, onChange, signal);
  seen.view = view;
  onChange(); // the first snapshot may have come while the view was opened
  const isLive = () => view.isLive && monotonicMs() - view.heardAtMs < staleAfterMs;
  const read = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const found = isLive() ? view.values.get(key) : undefined;
    return found && parseOrNothing(parse, found.value.value);
  };
  const silenceOf = ({ key, modRevision }: StoredValue): Silence => {
    const viewed = view.values.get(key);
    const { first } = seen;
    if (!first || !isLive()) return { forMs: 0, isHeard: false };
    if (viewed?.value.modRevision !== modRevision) return { forMs: 0, isHeard: true };
    return { forMs: monotonicMs() - viewed.changedAtMs, isHeard: first.get(key) !== modRevision };
  };
  const isFresh = (value: StoredValue) => {
    const { forMs, isHeard } = silenceOf(value);
    return isHeard && forMs <= staleAfterMs;
  };
  return {
    ended: Promise.all([view.ended, hosts.ended]),
    get isLive() {
      return isLive();
    },
    get isStoreLost() {
      return !isLive() && monotonicMs() - view.heardAtMs >= lostAfterMs;
    },
    lock(instanceId) {
      const key = instanceKeys(instanceId).lock;
      const [value, record] = [view.values.get(key)?.value, read(key, parseLock)];
      return value && record && silenceOf(value).forMs < record.timing.takeMs ? record : undefined;
    },
    sync: (instanceId) => read(instanceKeys(instanceId).sync, parseSync),
    node(instanceId, nodeId) {
      const key = instanceKeys(instanceId).node(nodeId);
      const value = view.values.get(key)?.value;
      return value && isFresh(value) ? read(key, parseNodeStatus) : undefined;
    },
    hostState: (hostId) => hosts.stateOf(hostId),
    requests: () => (isLive() ? requestsOf(view) : []),
    health(record, values) {
      const find = (key: string) =>
        values ? values.find((value) => value.key === key) : view.values.get(key)?.value;
      const silentAfterMs = Math.min(staleAfterMs, replaceAfterMs);
      return healthOf({ ...partsOf(record, { find, silenceOf, hosts }), silentAfterMs });
    },
  };
}

interface Seen {
  readonly find: (key: string) => StoredValue | undefined;
  readonly silenceOf: (value: StoredValue) => Silence;
  readonly hosts: ObservedHosts;
}

function partsOf(
  { instance, nodes }: InstanceRecord,
  { find, silenceOf, hosts }: Seen,
): Omit<SeenInstanceParts, "silentAfterMs"> {
  const keys = instanceKeys(instance.id);
  const [lock, sync, spec] = [find(keys.lock), find(keys.sync), find(keys.spec)];
  const members = spec ? (parseOrNothing(parseSpec, spec.value)?.members ?? []) : [];
  const lockRecord = lock && parseOrNothing(parseLock, lock.value);
  return {
    isHa: instance.is_ha,
    nodes: nodes.map((row) => {
      // A node that has never reported is timed from when it was published.
      const isPublished = members.some(({ id }) => id === row.id);
      const told = find(keys.node(row.id));
      const said = told ?? (isPublished ? spec : undefined);
      return {
        row,
        isStreaming: saysItStreams(told),
        hostState: hosts.stateOf(row.host_id),
        hostForMs: hosts.forMs(row.host_id),
        silence: said && silenceOf(said),
      };
    }),
    lock: lock && lockRecord && { record: lockRecord, ...silenceOf(lock) },
    sync: sync && parseOrNothing(parseSync, sync.value),
  };
}

function saysItStreams(status: StoredValue | undefined): boolean {
  return status !== undefined && parseOrNothing(parseNodeStatus, status.value)?.isStreaming === true;
}

function requestsOf({ values }: PrefixView): ObservedRequest[] {
  return [...values.values()].flatMap(({ value, changedAtMs }) => {
    const instanceId = parseInstanceKey(value.key)?.instanceId;
    if (instanceId === undefined || value.key !== instanceKeys(instanceId).switchover) return [];
    const request = parseOrNothing(parseSwitchover, value.value);
    return [{ instanceId, revision: value.modRevision, forMs: monotonicMs() - changedAtMs, request }];
  });
}

function revisionsOf({ values }: PrefixView): ReadonlyMap<string, bigint> {
  return new Map([...values].map(([key, { value }]) => [key, value.modRevision]));
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

/** undefined: it may be any. */
function changedInstance(event: WatchEvent | undefined): string | undefined {
  if (event?.kind === "put") return parseInstanceKey(event.value.key)?.instanceId;
  return event?.kind === "delete" ? parseInstanceKey(event.key)?.instanceId : undefined;
}
