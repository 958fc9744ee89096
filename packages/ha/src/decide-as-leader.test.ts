import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";
import {
  asynchronous,
  claimed,
  gone,
  held,
  leading,
  peer,
  primary,
  recorded,
  request,
  spec,
  standby,
  stopped,
} from "./observation-builders.ts";

const down = [{ nodeId: "b", state: "refused" }] as const;
const spent = Array.from({ length: 3 }, () => "2025-12-31T23:30:00.000Z");
const forced = { ...request, kind: "failover" } as const;
const strict = { ...spec, durability: "strict" } as const;
const strictAlone = { spec: strict, postgres: primary({ access: "closed", standbys: [gone] }) };
const opening = held({ ...claimed, phase: "opening" });
const follower = { nodeId: "c", notStreamingForMs: 0, flushPosition: 1_000n, replyAgeMs: 10 };
const members = ["a", "c"].map((id, index) => ({ id, address: `127.0.0.${2 + index}`, port: 5432 }));
const withReplacement = (changes: Parameters<typeof primary>[0]) =>
  leading({
    spec: { ...strict, members },
    postgres: primary({ slots: ["c"], standbys: [follower], ...changes }),
  });

const { record } = recorded({ leader: "a", members: ["b"] });

const table: readonly [string, Observation, Partial<Decision>][] = [
  [
    "each failed start is followed by a longer pause",
    leading({ postgres: stopped({ failedStarts: 4, forMs: 1_900 }), sync: recorded(asynchronous) }),
    { action: "wait" },
  ],
  [
    "a dead PostgreSQL is restarted in place when the budget is used up (F48)",
    leading({ postgres: stopped({}), sync: recorded({ leader: "a", members: ["b"], takeovers: spent }) }),
    { action: "start-primary" },
  ],
  [
    "a standby without room on its volume is no successor (F41)",
    leading({ postgres: stopped({}), peers: [peer("standby", 100, "its volume is full")] }),
    { action: "start-primary" },
  ],
  [
    "a standby that cannot take over leaves the sync set (F38, F39, F41)",
    leading({ peers: [peer("standby", 100, "its replay is paused")] }),
    { action: "record-sync", reason: "asynchronous from here: b is lost" },
  ],
  [
    "a standby whose node is down is lost at once",
    leading({ links: down, postgres: primary({ standbys: [{ ...gone, notStreamingForMs: 1 }] }) }),
    { action: "record-sync" },
  ],
  [
    "a full volume hands over to a standby with room (F40)",
    leading({ volume: "full" }),
    { action: "stop", isPlanned: false },
  ],
  [
    "a full volume without a standby is served on",
    leading({ volume: "full", peers: [] }),
    { action: "wait" },
  ],
  ["a volume that hangs is left to the standby (F4)", leading({ volume: "stalled" }), { action: "fence" }],
  [
    "a start that takes long is left to a standby that is ready (F7)",
    leading({ postgres: { kind: "starting", as: "primary", forMs: 10_000 } }),
    { action: "fence" },
  ],
  [
    "a promotion that does not come is given up (F44)",
    leading({
      lock: held(claimed, 100, 10_000),
      postgres: standby({ upstream: undefined, receiver: "stopped" }),
    }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a member gets its slot",
    leading({ postgres: primary({ slots: [] }) }),
    { action: "set-slots", nodeIds: ["b"] },
  ],
  [
    "a strict leader that waits for its standby lets it copy (S14)",
    leading({ ...strictAlone, lock: held(claimed) }),
    { action: "set-phase", phase: "opening" },
  ],
  [
    "a strict leader in phase opening keeps its door shut",
    leading({ ...strictAlone, lock: opening }),
    { action: "wait" },
  ],
  [
    "a new strict instance waits for its pair before it opens",
    leading({
      ...strictAlone,
      lock: opening,
      sync: recorded(asynchronous),
      postgres: primary({ access: "closed", syncStandbys: [] }),
    }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
  [
    "a strict leader first waits for the lost standby and its replacement",
    withReplacement({}),
    { action: "set-sync-standbys", syncStandbys: ["b", "c"] },
  ],
  [
    "a strict leader does not record a replacement that lacks something",
    withReplacement({ syncStandbys: ["b", "c"], syncSince: 1_001n }),
    { action: "wait" },
  ],
  [
    "a strict leader records the replacement that has everything",
    withReplacement({ syncStandbys: ["b", "c"] }),
    { action: "record-sync", reason: "c has everything and replaces b" },
  ],
  [
    "a server that its volume does not let end is left to the standby (F4)",
    leading({ volume: "stalled", postgres: { kind: "hung", as: "primary", forMs: 1_500 } }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a server that its volume does not let end keeps the lock while no standby is ready",
    leading({ volume: "stalled", postgres: { kind: "hung", as: "primary", forMs: 1_500 }, peers: [] }),
    { action: "fence" },
  ],
  [
    "a server that hangs on a volume that answers has to end first",
    leading({ postgres: { kind: "hung", as: "primary", forMs: 1_500 } }),
    { action: "fence" },
  ],
  [
    "a setting is not emptied while an earlier request may still change the record (S7)",
    leading({ sync: recorded(asynchronous, false), postgres: primary({ standbys: [gone] }) }),
    { action: "record-sync", reason: "no earlier request may change the sync record any more" },
  ],
  [
    "a primary is not started while an earlier request may still change the record (S7)",
    leading({ sync: recorded(asynchronous, false), postgres: stopped({}) }),
    { action: "record-sync", reason: "no earlier request may change the sync record any more" },
  ],
  [
    "a standby is added whatever may still change the record",
    leading({ sync: recorded(asynchronous, false), postgres: primary({ syncStandbys: [] }) }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
  [
    "a switchover that happened is forgotten",
    leading({ request: { ...request, target: "a" } }),
    { action: "drop-request" },
  ],
  [
    "a switchover that was asked for in an earlier term is dropped",
    leading({ request: { ...request, term: 2 } }),
    { action: "drop-request", reason: "it was asked for in term 2" },
  ],
  [
    "a forced failover of an earlier term is dropped, whatever losses it accepts (S16)",
    leading({ request: { ...forced, term: 2, acceptLoss: true }, sync: recorded(asynchronous) }),
    { action: "drop-request" },
  ],
  [
    "a forced failover to a standby that may lack commits needs the word for it (S16)",
    leading({ request: forced, sync: recorded(asynchronous) }),
    { action: "drop-request" },
  ],
  [
    "a forced failover that accepts losses is carried out (S16)",
    leading({ request: { ...forced, acceptLoss: true }, sync: recorded(asynchronous) }),
    { action: "stop" },
  ],
  [
    "a forced failover does not wait for a hung server",
    leading({ request: forced, postgres: { kind: "hung", as: "primary", forMs: 10 } }),
    { action: "fence" },
  ],
  [
    "F34: a commit whose wait was cancelled is this node's alone, and the record says so at once",
    leading({ isUncovered: true }),
    { action: "record-sync", sync: { ...record, mode: "async", members: [] } },
  ],
  [
    "F34: it is recorded before the lock is released",
    leading({ isUncovered: true, postgres: stopped({}) }),
    { action: "record-sync", sync: { ...record, mode: "async", members: [] } },
  ],
  [
    "F34: no earlier request may name the standby after that",
    leading({ isUncovered: true, sync: recorded(asynchronous, false) }),
    { action: "record-sync", sync: { ...record, mode: "async", members: [] } },
  ],
  [
    "F34: the standby counts again when it has that commit",
    leading({ isUncovered: true, sync: recorded(asynchronous) }),
    { action: "wait" },
  ],
  [
    "F34: strict commits wait on for a lost standby after one of them was cancelled",
    leading({ spec: strict, sync: recorded(asynchronous), postgres: primary({ standbys: [gone] }) }),
    { action: "wait", reason: "commits wait for b" },
  ],
];

for (const [situation, seen, expected] of table) {
  test(situation, () => {
    const decision = decide(seen);
    assert.deepEqual({ ...decision, ...expected }, decision, decision.reason);
  });
}
