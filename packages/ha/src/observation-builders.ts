/** Observations for tests: a whole situation, of which each test changes what matters. */
import type { LockRecord, NodeStatus, SyncRecord } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type {
  Observation,
  PrimaryPostgres,
  SeenLock,
  StandbyPostgres,
  StoppedPostgres,
} from "./observation.ts";

export const spec = {
  generation: 1,
  instanceId: "i",
  members: [
    { id: "a", address: "127.0.0.2", port: 5432 },
    { id: "b", address: "127.0.0.3", port: 5432 },
  ],
  bootstrapNode: "a",
  durability: "available" as const,
  timing: timingPresets.fast,
};

/** Node a, run a1, following b which serves term 3 with a as its sync standby. */
export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    nowMs: 10_000,
    wallMs: Date.UTC(2026, 0, 1),
    self: "a",
    bootId: "a1",
    spec,
    lock: held({}),
    sync: recorded({}),
    lease: undefined,
    postgres: standby({}),
    intent: undefined,
    highestTerm: 3,
    dataTerm: 0,
    peers: [],
    links: [{ nodeId: "b", state: "open" }],
    volume: "usable",
    isUncovered: false,
    request: undefined,
    shutdown: "none",
    ...changes,
  };
}

/** Node a, leading term 3 with b as its sync standby. */
export function leading(changes: Partial<Observation> = {}): Observation {
  return observation({
    lock: held({ holder: "a", bootId: "a1" }),
    sync: recorded({ leader: "a", members: ["b"] }),
    lease: { term: 3, deadlineMs: 11_000 },
    postgres: primary({}),
    peers: [peer("standby", 100)],
    ...changes,
  });
}

export function held(record: Partial<LockRecord>, unchangedForMs = 100, phaseForMs = 1_000): SeenLock {
  const lock: LockRecord = {
    ...{ term: 3, holder: "b", bootId: "b1", phase: "serving", timing: timingPresets.fast, seq: 9 },
    ...record,
  };
  return { kind: "held", record: lock, revision: 70n, unchangedForMs, phaseForMs };
}

export function recorded(record: Partial<SyncRecord>, isSettled = true) {
  const sync: SyncRecord = {
    term: 3,
    leader: "b",
    mode: "sync",
    members: ["a"],
    systemId: "s",
    takeovers: [],
    lossTerm: 0,
    ...record,
  };
  return { kind: "recorded", record: sync, revision: 60n, isSettled } as const;
}

export function standby(changes: Partial<StandbyPostgres>): StandbyPostgres {
  return {
    kind: "standby",
    systemId: "s",
    timeline: 1,
    forMs: 60_000,
    flushPosition: 1_000n,
    replayPosition: 1_000n,
    upstream: "b",
    receiver: "streaming",
    notStreamingForMs: 0,
    isRewindInVain: false,
    isPromotable: true,
    ...changes,
  };
}

export function primary(changes: Partial<PrimaryPostgres>): PrimaryPostgres {
  return {
    kind: "primary",
    systemId: "s",
    timeline: 1,
    forMs: 60_000,
    flushPosition: 1_000n,
    recoveryEnd: 0n,
    syncStandbys: ["b"],
    syncSince: 900n,
    access: "open",
    standbys: [{ nodeId: "b", notStreamingForMs: 0, flushPosition: 1_000n, replyAgeMs: 10 }],
    slots: ["b"],
    isPrepared: true,
    proof: { term: 3, syncStandbys: ["b"] },
    isProving: false,
    ...changes,
  };
}

export function stopped(changes: Partial<StoppedPostgres>): StoppedPostgres {
  return {
    kind: "stopped",
    systemId: "s",
    timeline: 1,
    isStandby: false,
    isClean: true,
    failedStarts: 0,
    forMs: 100,
    ...changes,
  };
}

export function peer(role: NodeStatus["role"], ageMs: number, impediment: string | null = null) {
  const status: NodeStatus = {
    nodeId: "b",
    observedAt: "2026-01-01T00:00:00.000Z",
    role,
    state: "",
    reason: "",
    term: 3,
    timeline: 1,
    systemId: "s",
    flushPosition: 1_000n,
    isStreaming: true,
    impediment,
    pids: { supervisor: null, agent: null, fencer: null, postmaster: null },
  };
  return { status, ageMs };
}

export const strict = { ...spec, durability: "strict" } as const;
/** What a sees of b when both its ports refuse. */
export const refused = [{ nodeId: "b", state: "refused" }] as const;
/** A budget of takeovers that is used up. */
export const spent = Array.from({ length: 3 }, () => "2025-12-31T23:30:00.000Z");
export const silent = (record: Partial<LockRecord> = {}) => held(record, 2_000);
export const gone = { nodeId: "b", notStreamingForMs: 600, flushPosition: 900n, replyAgeMs: 600 };
export const frozen = { nodeId: "b", notStreamingForMs: 0, flushPosition: 900n, replyAgeMs: 2_000 };
export const asynchronous = { leader: "a", mode: "async", members: [] } as const;
export const claimed = { holder: "a", bootId: "a1", phase: "claimed" } as const;
export const request = {
  id: "r",
  term: 3,
  kind: "switchover",
  target: "b",
  reason: "an operator asked for it",
  acceptLoss: false,
  revision: 80n,
} as const;
export const fresh = {
  lock: { kind: "free" },
  sync: { kind: "none" },
  postgres: { kind: "absent" },
  highestTerm: 0,
} as const;
export const unreachable = { lock: { kind: "unknown" }, sync: { kind: "unknown" } } as const;
