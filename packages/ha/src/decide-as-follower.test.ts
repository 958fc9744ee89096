import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";
import {
  held,
  observation,
  recorded,
  request,
  silent,
  spec,
  standby,
  stopped,
} from "./observation-builders.ts";

const refused = [{ nodeId: "b", state: "refused" }] as const;
const broken = standby({ receiver: "connecting", notStreamingForMs: 20 });
const spent = Array.from({ length: 3 }, () => "2025-12-31T23:30:00.000Z");
const lossy = { ...request, kind: "failover", target: "a", acceptLoss: true } as const;
const only = (id: string) => ({ ...spec, members: [{ id, address: "127.0.0.4", port: 5432 }] });

const table: readonly [string, Observation, Partial<Decision>][] = [
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
    "a store that lost terms is not followed (F50)",
    observation({ highestTerm: 4, postgres: stopped({}) }),
    { action: "wait", reason: "the store's term 3 is older than this node's 4" },
  ],
  [
    "a node that was replaced neither runs nor follows",
    observation({ spec: only("b") }),
    { action: "fence" },
  ],
  [
    "a node that was replaced may still be the only one with everything",
    observation({ lock: silent(), spec: only("c") }),
    { action: "claim" },
  ],
  [
    "an old primary is rewound from a leader that is opening",
    observation({ postgres: stopped({}), lock: held({ phase: "opening" }) }),
    { action: "rewind", from: "b" },
  ],
  [
    "a node whose leader has just died keeps its data, though it failed to start twice (S14)",
    observation({ links: [{ nodeId: "b", state: "unknown" }], postgres: stopped({ failedStarts: 2 }) }),
    { action: "wait" },
  ],
  [
    "a standby that does not stream after a rewind found nothing is cloned (F27)",
    observation({ postgres: standby({ notStreamingForMs: 10_000, isRewindInVain: true }) }),
    { action: "clone", from: "b" },
  ],
  [
    "a node that lacks commits claims when an operator accepts it (S16)",
    observation({ lock: silent(), sync: recorded({ mode: "async", members: [] }), request: lossy }),
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
    "a former primary whose successor never served leads again, where it ended (F44)",
    observation({ lock: silent(), postgres: stopped({}) }),
    { action: "claim" },
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
    "a node that lacks commits does not lead for a request of an earlier term (S16)",
    observation({
      lock: silent(),
      sync: recorded({ mode: "async", members: [] }),
      request: { ...lossy, term: 2 },
    }),
    { action: "wait" },
  ],
  [
    "data from before accepted losses is cloned, whatever its timeline says (F29)",
    observation({ sync: recorded({ lossTerm: 3 }), dataTerm: 2 }),
    { action: "clone", from: "b" },
  ],
  [
    "data of the leader that lost something follows it",
    observation({ sync: recorded({ lossTerm: 3 }), dataTerm: 3 }),
    { action: "wait", reason: "follows b" },
  ],
  [
    "a node that lacks commits leaves a living leader alone whatever an operator accepts",
    observation({ sync: recorded({ mode: "async", members: [] }), request: lossy }),
    { action: "wait" },
  ],
];

for (const [situation, seen, expected] of table) {
  test(situation, () => {
    const decision = decide(seen);
    assert.deepEqual({ ...decision, ...expected }, decision, decision.reason);
  });
}

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
