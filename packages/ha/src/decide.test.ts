import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";
import {
  asynchronous,
  claimed,
  fresh,
  frozen,
  gone,
  held,
  leading,
  observation,
  primary,
  recorded,
  request,
  silent,
  spec,
  standby,
  stopped,
  unreachable,
} from "./observation-builders.ts";

/** Situation, what is seen, and what is done: an action with what distinguishes it. */
const table: readonly [string, Observation, Partial<Decision>][] = [
  ["a node without a specification waits", observation({ spec: undefined }), { action: "wait" }],
  ["a follower without the store waits", observation(unreachable), { action: "wait" }],
  ["a leader without the store serves on until its deadline", leading(unreachable), { action: "wait" }],
  [
    "a leader without the store is fenced at its deadline (S3)",
    leading({ ...unreachable, nowMs: 11_000 }),
    { action: "fence" },
  ],
  [
    "a leader past its deadline is fenced though the lock is its own",
    leading({ nowMs: 11_000 }),
    { action: "fence" },
  ],
  ["a primary under another's lock is fenced", leading({ lock: held({}) }), { action: "fence" }],
  ["a primary under its earlier run's lock is fenced", leading({ bootId: "a2" }), { action: "fence" }],
  ["a primary whose lock vanished is fenced", leading({ lock: { kind: "free" } }), { action: "fence" }],
  ["a restarted agent renews before it judges", leading({ lease: undefined }), { action: "wait" }],
  [
    "the first node of a new instance claims term 1",
    observation(fresh),
    { action: "claim", lockRevision: undefined },
  ],
  [
    "the second node of a new instance waits",
    observation({ ...fresh, self: "b", bootId: "b1" }),
    { action: "wait" },
  ],
  [
    "a node that obeyed a term does not begin a new instance (S15)",
    observation({ ...fresh, highestTerm: 1 }),
    { action: "wait" },
  ],
  [
    "data under an empty store is not claimed for (S15)",
    observation({ ...fresh, postgres: stopped({}) }),
    { action: "wait" },
  ],
  ["a vanished lock is not claimed", observation({ lock: { kind: "free" } }), { action: "wait" }],
  ["a sync standby leaves a renewed lock alone", observation(), { action: "wait", reason: "follows b" }],
  ["a sync standby claims a lock that is not renewed", observation({ lock: silent() }), { action: "claim" }],
  [
    "a sync standby claims a released lock at once",
    observation({ lock: held({ phase: "released" }) }),
    { action: "claim" },
  ],
  [
    "a stopped lock is left to its holder",
    observation({ lock: silent({ phase: "stopped" }) }),
    { action: "wait" },
  ],
  [
    "a stopped lock is claimed after half a minute",
    observation({ lock: held({ phase: "stopped" }, 30_000) }),
    { action: "claim" },
  ],
  [
    "a standby outside the sync record never claims (S7)",
    observation({ lock: silent(), sync: recorded({ members: [] }) }),
    { action: "wait" },
  ],
  [
    "a standby of an asynchronous leader never claims (S7)",
    observation({ lock: silent(), sync: recorded({ mode: "async" }) }),
    { action: "wait" },
  ],
  [
    "a standby that cannot be promoted does not claim (S11)",
    observation({ lock: silent(), postgres: standby({ isPromotable: false }) }),
    { action: "wait" },
  ],
  [
    "a store older than the node is not obeyed (S15)",
    observation({ lock: silent(), highestTerm: 4 }),
    { action: "wait" },
  ],
  ["poisoned data never claims (S10)", observation({ lock: silent(), intent: "rewind" }), { action: "wait" }],
  [
    "a stopped sync standby starts before it claims",
    observation({ lock: silent(), postgres: stopped({ isStandby: true }) }),
    { action: "start-standby", upstream: undefined },
  ],
  [
    "the last leader claims again after a restart",
    observation({
      lock: held({ holder: "a", bootId: "a0" }),
      sync: recorded({ leader: "a" }),
      postgres: stopped({}),
    }),
    { action: "claim" },
  ],
  [
    "the last leader without its data does not lead",
    observation({
      lock: held({ holder: "a", bootId: "a0" }),
      sync: recorded({ leader: "a" }),
      postgres: { kind: "absent" },
    }),
    { action: "wait" },
  ],
  [
    "an empty node clones from a serving leader",
    observation({ postgres: { kind: "absent" } }),
    { action: "clone", from: "b" },
  ],
  [
    "an empty node waits while nobody serves (S14)",
    observation({ postgres: { kind: "absent" }, lock: held({ phase: "claimed" }) }),
    { action: "wait" },
  ],
  [
    "an interrupted rewind ends in a clone",
    observation({ intent: "rewind", postgres: stopped({}) }),
    { action: "clone" },
  ],
  [
    "two failed starts end in a clone",
    observation({ postgres: stopped({ failedStarts: 2 }) }),
    { action: "clone" },
  ],
  ["an old primary is rewound", observation({ postgres: stopped({}) }), { action: "rewind", from: "b" }],
  [
    "an old primary waits while nobody serves (S14)",
    observation({ postgres: stopped({}), lock: held({ phase: "claimed" }) }),
    { action: "wait" },
  ],
  [
    "a stopped standby starts again",
    observation({ postgres: stopped({ isStandby: true }) }),
    { action: "start-standby", upstream: "b" },
  ],
  [
    "another instance's data is neither started nor destroyed (S10)",
    observation({ postgres: stopped({ isStandby: true, systemId: "other" }) }),
    { action: "wait" },
  ],
  [
    "a standby of the wrong leader is repointed",
    observation({ postgres: standby({ upstream: "c" }) }),
    { action: "follow" },
  ],
  [
    "a standby that cannot stream is rewound",
    observation({ postgres: standby({ receiver: "connecting", notStreamingForMs: 10_000 }) }),
    { action: "rewind" },
  ],
  ["a standby stops for a shutdown", observation({ shutdown: "hand-over" }), { action: "stop" }],
  [
    "a new leader first stops acknowledging to the old one (S5)",
    leading({ lock: held(claimed), postgres: standby({}) }),
    { action: "detach" },
  ],
  [
    "a detached new leader is promoted with the old one in the sync set (S7)",
    leading({ lock: held(claimed), postgres: standby({ upstream: undefined, receiver: "stopped" }) }),
    { action: "promote", syncStandbys: ["b"] },
  ],
  [
    "a new instance is initialised once",
    leading({
      lock: held(claimed),
      sync: recorded({ ...asynchronous, systemId: null }),
      postgres: { kind: "absent" },
    }),
    { action: "initialise" },
  ],
  [
    "an instance that once opened is never initialised again",
    leading({ lock: held(claimed), postgres: { kind: "absent" } }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a returning leader starts with its sync set in force",
    leading({ lock: held(claimed), postgres: stopped({}) }),
    { action: "start-primary", syncStandbys: ["b"] },
  ],
  [
    "a new instance's identity is recorded before it opens",
    leading({
      lock: held(claimed),
      sync: recorded({ ...asynchronous, systemId: null }),
      postgres: primary({ access: "closed" }),
    }),
    { action: "record-sync" },
  ],
  [
    "a crash-started primary waits for its standby (S8)",
    leading({ postgres: primary({ access: "closed", forMs: 100, recoveryEnd: 1_001n }) }),
    { action: "wait" },
  ],
  [
    "a primary without its standby records asynchronous first (F36)",
    leading({ postgres: primary({ access: "closed", standbys: [gone] }), peers: [] }),
    { action: "record-sync" },
  ],
  [
    "a strict primary without its standby stays closed",
    leading({
      spec: { ...spec, durability: "strict" },
      postgres: primary({ access: "closed", standbys: [gone] }),
    }),
    { action: "wait" },
  ],
  [
    "a primary proves its term by a write before it opens (S8)",
    leading({ lock: held(claimed), postgres: primary({ access: "closed", proof: undefined }) }),
    { action: "prove", term: 3 },
  ],
  [
    "a proven primary lets clients in",
    leading({ lock: held(claimed), postgres: primary({ access: "closed" }) }),
    { action: "open-access" },
  ],
  [
    "an open primary becomes serving",
    leading({ lock: held(claimed) }),
    { action: "set-phase", phase: "serving" },
  ],
  [
    "a healthy pair is left alone",
    leading(),
    { action: "wait", reason: "serves, commits wait for the standby" },
  ],
  [
    "a standby that is gone is first recorded (S7)",
    leading({ postgres: primary({ standbys: [gone] }) }),
    { action: "record-sync", reason: "asynchronous from here: b is lost" },
  ],
  [
    "a frozen standby is recorded as lost",
    leading({ postgres: primary({ standbys: [frozen] }) }),
    { action: "record-sync" },
  ],
  [
    "a strict primary goes on waiting for its standby",
    leading({ spec: { ...spec, durability: "strict" }, postgres: primary({ standbys: [gone] }) }),
    { action: "wait" },
  ],
  [
    "the setting is emptied after the record (F36)",
    leading({ sync: recorded(asynchronous), postgres: primary({ standbys: [gone] }) }),
    { action: "set-sync-standbys", syncStandbys: [] },
  ],
  [
    "a standby that came back is put into the setting first",
    leading({ sync: recorded(asynchronous), postgres: primary({ syncStandbys: [] }) }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
  [
    "a standby short of the setting's start does not count (S11)",
    leading({ sync: recorded(asynchronous), postgres: primary({ syncSince: 1_001n }) }),
    { action: "wait" },
  ],
  [
    "a write under the setting is needed before it is recorded (S7)",
    leading({ sync: recorded(asynchronous), postgres: primary({ proof: { term: 3, syncStandbys: [] } }) }),
    { action: "prove" },
  ],
  [
    "a proven standby is recorded as synchronous",
    leading({ sync: recorded(asynchronous) }),
    { action: "record-sync", reason: "synchronous from here: b acknowledges" },
  ],
  [
    "a dead PostgreSQL hands over to a ready standby",
    leading({ postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a dead PostgreSQL without a standby is restarted",
    leading({ postgres: stopped({}), peers: [] }),
    { action: "start-primary" },
  ],
  [
    "a PostgreSQL that failed to start twice is tried again while nobody else may lead",
    leading({ postgres: stopped({ failedStarts: 2, forMs: 500 }), sync: recorded(asynchronous) }),
    { action: "start-primary" },
  ],
  [
    "each failed start is followed by a longer pause",
    leading({ postgres: stopped({ failedStarts: 4, forMs: 1_900 }), sync: recorded(asynchronous) }),
    { action: "wait" },
  ],
  [
    "a PostgreSQL that failed to start twice is left to a ready standby",
    leading({
      postgres: stopped({ failedStarts: 2 }),
      lock: held(claimed),
    }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a hung PostgreSQL is fenced after its patience",
    leading({ postgres: { kind: "hung", as: "primary", forMs: 1_500 } }),
    { action: "fence" },
  ],
  ["a switchover stops the primary first", leading({ request }), { action: "stop" }],
  [
    "a switchover then releases the lock",
    leading({ request, postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a switchover to a standby that is gone is dropped",
    leading({ request, peers: [] }),
    { action: "drop-request" },
  ],
  [
    "a platform's shutdown keeps the lock",
    leading({ shutdown: "in-place", postgres: stopped({}) }),
    { action: "set-phase", phase: "stopped" },
  ],
  [
    "a node's shutdown hands over",
    leading({ shutdown: "hand-over", postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
  ],
];

for (const [situation, seen, expected] of table) {
  test(situation, () => {
    const decision = decide(seen);
    assert.deepEqual({ ...decision, ...expected }, decision, decision.reason);
  });
}

test("a claim carries every eligible node into the next term", () => {
  assert.deepEqual(decide(observation({ lock: silent() })), {
    action: "claim",
    lock: { term: 4, holder: "a", bootId: "a1", phase: "claimed", timing: spec.timing, seq: 0 },
    sync: { term: 4, leader: "a", mode: "sync", members: ["b"], systemId: "s", takeovers: [], lossTerm: 0 },
    lockRevision: 70n,
    syncRevision: 60n,
    requestRevision: undefined,
    reason: "b has not renewed its lock for 2000 ms",
  });
});
