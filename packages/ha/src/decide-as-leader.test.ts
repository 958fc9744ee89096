import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import {
  asynchronous,
  claimed,
  held,
  leading,
  peer,
  recorded,
  spent,
  standby,
  stopped,
} from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const { record } = recorded({ leader: "a", members: ["b"] });

testDecisions([
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
    "a dead PostgreSQL hands over to a ready standby",
    leading({ postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
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
    "a PostgreSQL that failed to start twice is left to a ready standby",
    leading({ postgres: stopped({ failedStarts: 2 }), lock: held(claimed) }),
    { action: "set-phase", phase: "released" },
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
    "a server that hangs on a volume that answers is fenced after its patience",
    leading({ postgres: { kind: "hung", as: "primary", forMs: 1_500 } }),
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
]);

test("each failed start after the first is followed by a pause twice as long, up to 10 s", () => {
  const action = (failedStarts: number, forMs: number) =>
    decide(leading({ postgres: stopped({ failedStarts, forMs }), sync: recorded(asynchronous) })).action;
  for (const [failedStarts, pauseMs] of [
    [2, 500],
    [3, 1_000],
    [4, 2_000],
    [5, 4_000],
    [6, 8_000],
    [7, 10_000],
    [8, 10_000],
  ] as const) {
    const around = [action(failedStarts, pauseMs - 1), action(failedStarts, pauseMs)];
    assert.deepEqual(around, ["wait", "start-primary"], `after ${failedStarts} failed starts`);
  }
});
