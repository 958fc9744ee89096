/** The situations of the truth table: what a node sees of the store, of its peer, and of its own PostgreSQL. */
import type { Observation } from "../packages/ha/src/observation.ts";
import {
  asynchronous,
  fresh,
  frozen,
  gone,
  held,
  leading,
  observation,
  peer,
  primary,
  recorded,
  request,
  spec,
  standby,
  stopped,
  unreachable,
} from "../packages/ha/src/observation-builders.ts";

type Changes = Partial<Observation>;

export interface Part {
  readonly title: string;
  readonly note: string;
  readonly first: string;
  readonly firsts: Readonly<Record<string, Changes>>;
  readonly second: string;
  readonly seconds: Readonly<Record<string, Changes>>;
  /** The whole observation of which both parts change something. */
  readonly base: (changes: Changes) => Observation;
}

const detached = standby({ upstream: undefined, receiver: "stopped", notStreamingForMs: 500 });

const postgres: Readonly<Record<string, Changes>> = {
  absent: { postgres: { kind: "absent" } },
  "stopped, was primary": { postgres: stopped({}) },
  "stopped, was standby": { postgres: stopped({ isStandby: true }) },
  "stopped, failed twice": { postgres: stopped({ isStandby: true, failedStarts: 2 }) },
  "starting as standby": { postgres: { kind: "starting", as: "standby", forMs: 500 } },
  "hung as standby for 2 s": { postgres: { kind: "hung", as: "standby", forMs: 2_000 } },
  "standby, streams": { postgres: standby({}) },
  "standby, streams nothing for 10 s": {
    postgres: standby({ receiver: "connecting", notStreamingForMs: 10_000 }),
  },
  "standby, detached": { postgres: detached },
  "standby, replay paused": { postgres: standby({ isPromotable: false }) },
};

const mayWrite: Readonly<Record<string, Changes>> = {
  "starting as primary": { postgres: { kind: "starting", as: "primary", forMs: 500 } },
  "hung as primary": { postgres: { kind: "hung", as: "primary", forMs: 2_000 } },
  "primary, closed": { postgres: primary({ access: "closed" }) },
  "primary, open": { postgres: primary({}) },
};

const down = { links: [{ nodeId: "b", state: "refused" as const }] };

const storeOfFollower: Readonly<Record<string, Changes>> = {
  "the store is unreachable": unreachable,
  "the store is empty, this node bootstraps": { ...fresh },
  "the store is empty, the other bootstraps": { ...fresh, spec: { ...spec, bootstrapNode: "b" } },
  "the lock vanished, the sync record did not": { lock: { kind: "free" } },
  "b claimed": { lock: held({ phase: "claimed" }) },
  "b is opening": { lock: held({ phase: "opening" }) },
  "b serves": {},
  "b serves, no connection to it": { links: [{ nodeId: "b", state: "unknown" }] },
  "b serves, refuses connections": down,
  "b released the lock": { lock: held({ phase: "released" }) },
  "b stopped with the platform": { lock: held({ phase: "stopped" }) },
  "b did so 30 s ago": { lock: held({ phase: "stopped" }, 30_000) },
  "b did not renew for 2 s": { lock: held({}, 2_000) },
  "a's earlier run holds it": { lock: held({ holder: "a", bootId: "a0" }) },
  "the store is older than this node": { highestTerm: 4 },
  "an operator accepts losses, b serves": {
    request: { ...request, kind: "failover", target: "a", acceptLoss: true },
  },
  "an operator accepts losses, b silent": {
    lock: held({}, 2_000),
    request: { ...request, kind: "failover", target: "a", acceptLoss: true },
  },
  "an operator accepted losses an earlier term ago, b silent": {
    lock: held({}, 2_000),
    request: { ...request, term: 2, kind: "failover", target: "a", acceptLoss: true },
  },
  "this node's rewind is unfinished": { intent: "rewind" },
  "this node shuts down": { shutdown: "hand-over" },
  "this node was replaced": { spec: { ...spec, members: spec.members.slice(1) } },
};

const ownPostgres: Readonly<Record<string, Changes>> = {
  ...postgres,
  "hung as primary for 2 s": { postgres: { kind: "hung", as: "primary", forMs: 2_000 } },
  "primary, other setting": { postgres: primary({ access: "closed", syncStandbys: [] }) },
  "primary, unproven": { postgres: primary({ access: "closed", proof: undefined }) },
  "primary, proving": { postgres: primary({ access: "closed", proof: undefined, isProving: true }) },
  "primary, proven": { postgres: primary({ access: "closed" }) },
  "primary after crash recovery, standby behind": {
    postgres: primary({ access: "closed", recoveryEnd: 2_000n, forMs: 100 }),
  },
  "the same for 2 s": { postgres: primary({ access: "closed", recoveryEnd: 2_000n, forMs: 2_000 }) },
};
const ownLock = (phase: "claimed" | "opening" | "serving") => held({ holder: "a", bootId: "a1", phase });

const peerOfLeader: Readonly<Record<string, Changes>> = {
  "b streams": { postgres: primary({}) },
  "b streams, setting empty": { postgres: primary({ syncStandbys: [] }) },
  "b streams, setting b, unproven": { postgres: primary({ proof: undefined }) },
  "b streams, behind the setting": {
    postgres: primary({ syncSince: 1_000n, standbys: [{ ...gone, notStreamingForMs: 0, replyAgeMs: 10 }] }),
  },
  "b streams nothing for 600 ms": { postgres: primary({ standbys: [gone] }) },
  "b replied 2 s ago": { postgres: primary({ standbys: [frozen] }) },
  "b streams, its volume is full": { peers: [peer("standby", 100, "its volume is full")] },
  "b refuses connections": { ...down, postgres: primary({ standbys: [{ ...gone, notStreamingForMs: 10 }] }) },
  "b streams, a wait was cancelled": { isUncovered: true },
  "no slot for b": { postgres: primary({ slots: [] }) },
};

const orders: Readonly<Record<string, Changes>> = {
  "switchover to b": { request },
  "failover to b": { request: { ...request, kind: "failover" } },
  "failover to b, losses accepted": { request: { ...request, kind: "failover", acceptLoss: true } },
  "failover to b, losses accepted in an earlier term": {
    request: { ...request, term: 2, kind: "failover", acceptLoss: true },
  },
  "switchover to a": { request: { ...request, target: "a" } },
  "the platform shuts down": { shutdown: "in-place" },
  "this node shuts down": { shutdown: "hand-over" },
  "the volume is full": { volume: "full" },
  "the volume does not answer": { volume: "stalled" },
  "a wait for b was cancelled": { isUncovered: true },
  "PostgreSQL ended, a wait for b was cancelled": { isUncovered: true, postgres: stopped({}) },
  "PostgreSQL ended": { postgres: stopped({}) },
  "PostgreSQL ended, three takeovers this hour": {
    postgres: stopped({}),
    sync: recorded({ leader: "a", members: ["b"], takeovers: Array(3).fill("2026-01-01T00:00:00Z") }),
  },
  "PostgreSQL starts for 10 s": { postgres: { kind: "starting", as: "primary", forMs: 10_000 } },
};

const strict = { ...spec, durability: "strict" as const };

export const parts: readonly Part[] = [
  {
    title: "A PostgreSQL that may write",
    note: "Comes before everything else. A leader whose lease holds goes on as the tables of leaders say.",
    first: "the lock",
    firsts: {
      "its own, past the deadline": { nowMs: 11_000 },
      "its own, an agent that has just started": { lease: undefined },
      "its own, released": { lock: held({ holder: "a", bootId: "a1", phase: "released" }) },
      "of its earlier run": { bootId: "a2" },
      "another's": { lock: held({}) },
      gone: { lock: { kind: "free" } },
      "unknown, before the deadline": unreachable,
      "unknown, past the deadline": { ...unreachable, nowMs: 11_000 },
    },
    second: "PostgreSQL of a",
    seconds: mayWrite,
    base: leading,
  },
  {
    title: "A follower that holds every acknowledged commit",
    note: "The sync record says sync, leader b, member a.",
    first: "the store",
    firsts: storeOfFollower,
    second: "PostgreSQL of a",
    seconds: postgres,
    base: observation,
  },
  {
    title: "A follower that may lack acknowledged commits",
    note: "The sync record says async, leader b.",
    first: "the store",
    firsts: storeOfFollower,
    second: "PostgreSQL of a",
    seconds: postgres,
    base: (changes) => observation({ sync: recorded({ mode: "async", members: [] }), ...changes }),
  },
  {
    title: "A leader until it serves",
    note: "The sync record says sync, leader a, member b.",
    first: "its lock",
    firsts: {
      claimed: { lock: ownLock("claimed") },
      "claimed, sync record not settled": {
        lock: ownLock("claimed"),
        sync: recorded({ leader: "a", members: ["b"] }, false),
      },
      "claimed, strict": { lock: ownLock("claimed"), spec: strict },
      "opening, strict": { lock: ownLock("opening"), spec: strict },
    },
    second: "PostgreSQL of a",
    seconds: ownPostgres,
    base: leading,
  },
  {
    title: "A leader that serves, and its standby",
    note: "PostgreSQL is primary and open, `synchronous_standby_names` names b unless said otherwise.",
    first: "the sync record",
    firsts: {
      "sync with b": {},
      "sync with b, strict": { spec: strict },
      async: { sync: recorded(asynchronous) },
    },
    second: "the standby",
    seconds: peerOfLeader,
    base: leading,
  },
  {
    title: "A leader that serves, and what befalls it",
    note: "The sync record says sync, leader a, member b.",
    first: "the standby b",
    firsts: {
      "was seen a moment ago": {},
      "is not heard of": { peers: [] },
      "has an impediment": { peers: [peer("standby", 100, "its volume is full")] },
    },
    second: "what happens",
    seconds: orders,
    base: leading,
  },
];
