import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { decide } from "./decide.ts";
import {
  fresh,
  held,
  observation,
  recorded,
  refused,
  request,
  silent,
  spec,
  spent,
  standby,
  stopped,
} from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const broken = standby({ receiver: "connecting", notStreamingForMs: 20 });
const lossy = { ...request, kind: "failover", target: "a", acceptLoss: true } as const;

testDecisions([
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
    "the last leader claims again after a restart",
    observation({
      lock: held({ holder: "a", bootId: "a0" }),
      sync: recorded({ leader: "a" }),
      postgres: stopped({}),
    }),
    { action: "claim" },
  ],
  [
    "a leader whose node is down is not waited for (fast path)",
    observation({ links: refused, postgres: broken }),
    { action: "claim" },
  ],
  [
    "a leader that refuses connections while its stream lives is left alone",
    observation({ links: refused }),
    { action: "wait" },
  ],
  [
    "a silent leader is waited for",
    observation({ links: [{ nodeId: "b", state: "unknown" }], postgres: broken }),
    { action: "wait" },
  ],
  [
    "the fast path is never taken in asynchronous state",
    observation({ links: refused, postgres: broken, sync: recorded({ mode: "async", members: [] }) }),
    { action: "wait" },
  ],
  [
    "a node that is down is replaced whatever the budget (F48)",
    observation({ links: refused, postgres: broken, sync: recorded({ takeovers: spent }) }),
    { action: "claim" },
  ],
  [
    "a challenger waits by the timing of the term, whatever the specification says by now (S4)",
    observation({ lock: silent({ timing: timingPresets.safe }) }),
    { action: "wait" },
  ],
  [
    "a term of the shorter timing is over when that ran out",
    observation({ lock: silent(), spec: { ...spec, timing: timingPresets.safe } }),
    { action: "claim" },
  ],
  [
    "a lock that ran out is claimed whatever the budget",
    observation({ lock: silent(), sync: recorded({ takeovers: spent }) }),
    { action: "claim" },
  ],
  [
    "a node that lacks commits claims when an operator accepts it (S16)",
    observation({ lock: silent(), sync: recorded({ mode: "async", members: [] }), request: lossy }),
    { action: "claim", requestRevision: 80n },
  ],
  [
    "a former primary that lacks commits leads again when an operator accepts it (S16)",
    observation({
      lock: silent(),
      postgres: stopped({}),
      sync: recorded({ mode: "async", members: [] }),
      request: lossy,
    }),
    { action: "claim", requestRevision: 80n },
  ],
  [
    "a standby that may not lead says why (S16)",
    observation({ lock: silent(), sync: recorded({ mode: "async", members: [] }) }),
    {
      action: "wait",
      reason: "b has not renewed its lock for 2000 ms, but this node may lack acknowledged commits",
    },
  ],
  [
    "a node that lacks commits does not lead for a request of an earlier term (S16)",
    observation({
      lock: silent(),
      sync: recorded({ mode: "async", members: [] }),
      request: { ...lossy, term: 2 },
    }),
    { action: "wait" },
  ],
  [
    "a node that lacks commits leaves a living leader alone whatever an operator accepts",
    observation({ sync: recorded({ mode: "async", members: [] }), request: lossy }),
    { action: "wait" },
  ],
]);

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

test("a takeover by choice counts against the budget, one from a node that is down or silent does not", () => {
  const chosen = decide(observation({ lock: held({ phase: "released" }) }));
  const down = decide(observation({ links: refused, postgres: broken }));
  const due = decide(observation({ lock: silent() }));
  const counted = [chosen, down, due].map((it) => (it.action === "claim" ? it.sync.takeovers : undefined));
  assert.deepEqual(counted, [["2026-01-01T00:00:00.000Z"], [], []]);
});

test("a claim takes the timing of the specification into its term", () => {
  const decision = decide(observation({ lock: silent(), spec: { ...spec, timing: timingPresets.safe } }));
  assert.deepEqual(decision.action === "claim" && decision.lock.timing, timingPresets.safe);
});

test("whoever leads in spite of losses is the only one who may lead next", () => {
  const sync = recorded({ mode: "async", members: [] });
  const decision = decide(observation({ lock: silent(), sync, request: lossy }));
  assert.ok(decision.action === "claim");
  assert.deepEqual([decision.sync.mode, decision.sync.members], ["async", []]);
  assert.equal(decision.sync.lossTerm, decision.lock.term);
});
