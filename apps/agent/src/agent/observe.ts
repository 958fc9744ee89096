/** Everything this node knows, put together for the decision core. */

import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { PrefixView } from "@mainstay/dcs/prefix-view.ts";
import {
  parseLock,
  parseNodeStatus,
  parseObeyedSpec,
  parseSwitchover,
  parseSync,
} from "@mainstay/dcs/records.ts";
import type { NodeStatus } from "@mainstay/domain/cluster.ts";
import { impedimentOf } from "@mainstay/ha/impediment.ts";
import type { Observation, PostgresState, SeenLock, SeenPeer, SeenSync } from "@mainstay/ha/observation.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { Lease } from "../keeper/protocol.ts";
import type { SupervisorState } from "../supervisor/protocol.ts";
import type { Memory } from "./memory.ts";

export interface Seen {
  readonly self: string;
  readonly instanceId: string;
  readonly view: PrefixView;
  readonly supervisor: SupervisorState;
  readonly lease: Lease | undefined;
  readonly intent: Observation["intent"];
  readonly highestTerm: number;
  readonly dataTerm: number;
  readonly memory: Memory;
  readonly links: Observation["links"];
  readonly volume: Observation["volume"];
}

/** All but PostgreSQL itself. Whatever the store holds that cannot be parsed ends the pass with an error. */
export function observe(seen: Seen): Omit<Observation, "postgres"> {
  const keys = instanceKeys(seen.instanceId);
  const text = (key: string) => seen.view.values.get(key)?.value.value;
  const spec = text(keys.spec);
  const request = seen.view.values.get(keys.switchover)?.value;
  return {
    nowMs: monotonicMs(),
    wallMs: Date.now(),
    self: seen.self,
    bootId: seen.supervisor.bootId,
    spec: spec === undefined ? undefined : parseObeyedSpec(spec),
    lock: seenLock(seen.view, keys.lock, seen.memory),
    sync: seenSync(seen.view, keys.sync, seen.memory),
    lease: seen.lease,
    intent: seen.intent,
    highestTerm: seen.highestTerm,
    dataTerm: seen.dataTerm,
    peers: peers(seen.view, keys.nodesPrefix, keys.node(seen.self)),
    links: seen.links,
    volume: seen.volume,
    isUncovered: seen.memory.coverage.isUncovered(monotonicMs()),
    request: request && { ...parseSwitchover(request.value), revision: request.modRevision },
    shutdown: seen.supervisor.shutdown,
  };
}

/** The moment of the decision is after everything was looked at. */
export function withPostgres(seen: Omit<Observation, "postgres">, postgres: PostgresState): Observation {
  return { ...seen, postgres, nowMs: monotonicMs() };
}

/** A view that was lost says nothing about now. */
function seenLock(view: PrefixView, key: string, memory: Memory): SeenLock {
  if (!view.isLive) return { kind: "unknown" };
  const found = view.values.get(key);
  if (!found) return { kind: "free" };
  const { value, changedAtMs } = found;
  const nowMs = monotonicMs();
  const record = parseLock(value.value);
  return {
    kind: "held",
    record,
    revision: value.modRevision,
    unchangedForMs: nowMs - changedAtMs,
    phaseForMs: memory.phaseForMs(record, nowMs),
  };
}

function seenSync(view: PrefixView, key: string, { settledSync }: Memory): SeenSync {
  if (!view.isLive) return { kind: "unknown" };
  const value = view.values.get(key)?.value;
  if (!value) return { kind: "none" };
  const { modRevision: revision } = value;
  return { kind: "recorded", record: parseSync(value.value), revision, isSettled: settledSync === revision };
}

function peers(view: PrefixView, prefix: string, own: string): SeenPeer[] {
  return [...view.values.values()]
    .filter(({ value }) => value.key.startsWith(prefix) && value.key !== own)
    .map(({ value, changedAtMs }) => ({
      status: parseNodeStatus(value.value),
      ageMs: monotonicMs() - changedAtMs,
    }));
}

/** What this node tells the others about itself. */
export function nodeStatus(
  seen: Observation,
  supervisor: Pick<SupervisorState, "pids" | "postgres">,
  reason: string,
): NodeStatus {
  const { postgres } = seen;
  const isRunning = postgres.kind === "primary" || postgres.kind === "standby";
  return {
    nodeId: seen.self,
    observedAt: new Date().toISOString(),
    role: isRunning ? postgres.kind : "none",
    state: postgres.kind,
    reason,
    term: seen.highestTerm,
    timeline: "timeline" in postgres ? postgres.timeline : 0,
    systemId: "systemId" in postgres ? postgres.systemId : null,
    flushPosition: isRunning ? postgres.flushPosition : null,
    isStreaming: postgres.kind === "standby" && postgres.receiver === "streaming",
    impediment: impedimentOf(seen) ?? null,
    pids: {
      supervisor: supervisor.pids.supervisor,
      fencer: supervisor.pids.fencer,
      agent: process.pid,
      postmaster: supervisor.postgres?.pid || null,
    },
  };
}
