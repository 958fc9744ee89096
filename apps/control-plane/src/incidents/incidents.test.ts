import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInputs } from "@mainstay/domain/event.ts";
import { at, broken, claim, cut, events, type Line, opening, paired, rest } from "./incident-builders.ts";
import { incidents } from "./incidents.ts";

test("the loss of a host is one failover, with its phases, its gap and what was cut", () => {
  const lines = [broken, cut, claim(2_000), ...opening(2_000), paired];
  assert.deepEqual(incidents(events(...lines), true), [
    {
      id: "b/2",
      kind: "failover",
      isPlanned: false,
      term: 2,
      before: "a",
      after: "b",
      cause: { at: at(100), source: "b", reason: "the WAL stream from a" },
      decision: { at: at(2_000), source: "b", reason: "a is gone" },
      phases: [
        { name: "detected", tookMs: 1_900 },
        { name: "claimed", tookMs: 10 },
        { name: "promoted", tookMs: 80 },
        { name: "proven", tookMs: 60 },
        { name: "opened", tookMs: 30 },
        { name: "routed", tookMs: 25 },
      ],
      writeGapMs: 2_105,
      sessionsCut: 7,
      discarded: null,
      recoveredAt: at(9_005),
    },
  ]);
});

test("a leader that waited behind its shut door says for how long it waited for the standby", () => {
  const late = opening(9_000).map((line): Line => (line[3] === "promote" ? [2_040, ...rest(line)] : line));
  const restored: Line = [9_080, "b", "stream", "restored"];
  const [found] = incidents(events(broken, claim(2_000), ...late, restored), true);
  assert.deepEqual(
    found?.phases.map(({ name, tookMs }) => [name, tookMs]),
    [
      ["detected", 1_900],
      ["claimed", 10],
      ["promoted", 80],
      ["joined", 6_990],
      ["proven", 70],
      ["opened", 30],
      ["routed", 25],
    ],
  );
});

test("the order in which events were read does not matter", () => {
  const all = events(broken, cut, claim(2_000), ...opening(2_000), paired);
  assert.deepEqual(incidents(all.toReversed(), true), incidents(all, true));
});

test("of a leader that fell silent the gap begins at its last renewal", () => {
  const [found] = incidents(events(claim(3_000), ...opening(3_000)), true);
  assert.deepEqual(found?.cause, { at: at(1_000), source: "b", reason: "a is gone" });
  assert.equal(found.writeGapMs, 2_205);
  assert.equal(found.recoveredAt, null);
});

test("what the new leader lost when it was primary itself is no sign", () => {
  const old: Line = [500, "b", "stream", "broken", { inputs: { peer: "a", postgres: "primary" } }];
  assert.equal(incidents(events(old, claim(3_000)), true)[0]?.cause.at, at(1_000));
});

test("a new leader that has seen no renewal since it is back has the old one's last word", () => {
  const began = (ms: number): Line => [ms, "b", "process", "agent-started"];
  const silent = claim(9_000, { leaderSaidAt: at(1_000) });
  const found = (ms: number) => incidents(events(began(ms), silent), true)[0]?.cause.at;
  assert.equal(found(7_010), at(1_000));
  assert.equal(found(6_000), at(7_000));
});

test("a failover by hand of a leader that was silent already is no planned one, and begins with the silence", () => {
  const asked: Line = [8_000, "control-plane", "status", "failover", { inputs: { requestId: "r" } }];
  const found = (lockAgeMs: number) =>
    incidents(events(asked, claim(8_100, { requestId: "r", lockAgeMs })), true)[0];
  assert.deepEqual([found(5_000)?.isPlanned, found(5_000)?.cause.at], [false, at(3_100)]);
  assert.deepEqual([found(400)?.isPlanned, found(400)?.cause.at], [true, at(8_000)]);
});

test("a killed postmaster begins with its end, however early the lock was renewed", () => {
  const ended: Line = [1_900, "a", "postgres", "ended", { term: 1 }];
  const [found] = incidents(events(ended, claim(2_000, { lockPhase: "released" }), ...opening(2_000)), true);
  assert.deepEqual([found?.kind, found?.cause.source, found?.writeGapMs], ["failover", "a", 305]);
});

test("a switchover is planned, and its gap begins when the old leader stops, not when it was asked for", () => {
  const asked: Line = [500, "control-plane", "status", "switchover", { term: 0, inputs: { requestId: "r" } }];
  const stop: Line = [1_900, "a", "decision", "stop", { term: 1, inputs: { requestId: "r" } }];
  const ended: Line = [1_980, "a", "postgres", "ended", { term: 1 }];
  const serving: Line = [
    2_190,
    "b",
    "decision",
    "set-phase",
    { inputs: { wantedPhase: "serving", syncMode: "sync" } },
  ];
  const lines = [asked, stop, ended, claim(2_000, { lockPhase: "released" }), serving, ...opening(2_000)];
  const [found, none] = incidents(events(...lines), true);
  assert.deepEqual([found?.kind, found?.isPlanned], ["switchover", true]);
  assert.equal(found?.cause.at, at(500));
  assert.equal(found.writeGapMs, 305);
  assert.equal(found.recoveredAt, at(2_190));
  assert.equal(none, undefined);
});

test("a failover by hand is planned, one that comes after a switchover was given up is not", () => {
  const asked: Line = [500, "control-plane", "status", "failover", { inputs: { requestId: "r" } }];
  const found = (inputs: EventInputs) => incidents(events(asked, claim(2_000, inputs)), true)[0];
  const byHand = found({ requestId: "r" });
  assert.deepEqual([byHand?.kind, byHand?.isPlanned, byHand?.cause.at], ["failover", true, at(500)]);
  assert.equal(found({})?.isPlanned, false);
});

test("what was asked for when the leader had ended already did not cause its failover", () => {
  const ended: Line = [1_900, "a", "postgres", "ended", { term: 1 }];
  const asked: Line = [1_910, "control-plane", "status", "switchover", { inputs: { requestId: "r" } }];
  const stop: Line = [1_920, "a", "decision", "stop", { term: 1, failure: "no", inputs: { requestId: "r" } }];
  const again: Line = [1_980, "a", "postgres", "ended", { term: 1 }];
  const lines = [ended, asked, stop, again, claim(2_000, { lockPhase: "released", requestId: "r" })];
  const [found] = incidents(events(...lines), true);
  assert.deepEqual([found?.kind, found?.isPlanned, found?.cause.at], ["failover", false, at(1_900)]);
});

test("a leader that stops because its volume is full hands over in order, and nobody planned it", () => {
  const stop: Line = [1_900, "a", "decision", "stop", { term: 1, inputs: { volume: "full" } }];
  const [found] = incidents(events(stop, claim(2_000, { lockPhase: "released" })), true);
  assert.deepEqual([found?.kind, found?.isPlanned], ["switchover", false]);
});

test("what a returning primary discarded is in its failover; what could not be read is null", () => {
  const rewound: Line = [8_000, "a", "rewind", "rewind", { inputs: { bytes: 300, transactions: null } }];
  const found = (inputs: EventInputs) =>
    incidents(events(claim(2_000, inputs), ...opening(2_000), rewound), true)[0]?.discarded;
  const known = { bytes: 300, transactions: null, isEstimate: false };
  assert.deepEqual(found({ syncMode: "sync", syncMembers: "b" }), { ...known, acknowledged: 0 });
  assert.deepEqual(found({ syncMode: "async", syncMembers: "" }), { ...known, acknowledged: null });
  assert.deepEqual(found({ syncMode: "sync", syncMembers: "c" }), { ...known, acknowledged: null });
});

test("of an old primary that was replaced unread, only what the sync record says is known", () => {
  const replaced: Line = [8_000, "control-plane", "status", "replacing", { term: 0, inputs: { lost: "a" } }];
  const found = (inputs: EventInputs) =>
    incidents(events(claim(2_000, inputs), ...opening(2_000), replaced), true)[0]?.discarded;
  const unread = { bytes: null, transactions: null, acknowledged: 0, isEstimate: false };
  assert.deepEqual(found({ syncMode: "sync", syncMembers: "b" }), unread);
  assert.equal(found({ syncMode: "async", syncMembers: "" }), null);
});

test("where losses were accepted, the estimate stands until the old primary was read", () => {
  const asked = (estimatedLossBytes: number | null): Line => [
    500,
    "control-plane",
    "status",
    "failover",
    { inputs: { requestId: "r", acceptLoss: true, estimatedLossBytes } },
  ];
  const forced = claim(2_000, { requestId: "r", syncMode: "async", syncMembers: "" });
  const found = (bytes: number | null, ...more: Line[]) =>
    incidents(events(asked(bytes), forced, ...opening(2_000), ...more), true)[0]?.discarded;
  const estimate = { transactions: null, acknowledged: null, isEstimate: true };
  assert.deepEqual(found(4_096), { ...estimate, bytes: 4_096 });
  assert.deepEqual(found(null), { ...estimate, bytes: null });
  const read: Line = [8_000, "a", "rewind", "clone", { inputs: { bytes: 300, transactions: 2 } }];
  const known = { bytes: 300, transactions: 2, acknowledged: null, isEstimate: false };
  assert.deepEqual(found(4_096, read), known);
  const again = claim(2_000, { requestId: "r", lockHolder: "b" });
  const [kept] = incidents(events(asked(4_096), again), true);
  assert.equal(kept?.discarded, null, "the leader came back itself");
});

test("a PostgreSQL that was ended because it hung began to hang before", () => {
  const fence: Line = [
    1_900,
    "a",
    "decision",
    "fence",
    { term: 1, inputs: { postgres: "hung", forMs: 1_500 } },
  ];
  const ended: Line = [1_950, "a", "postgres", "ended", { term: 1 }];
  const lines = [fence, ended, claim(2_000, { lockPhase: "released" }), ...opening(2_000)];
  const [found] = incidents(events(...lines), true);
  assert.deepEqual([found?.cause.at, found?.phases[0]?.tookMs, found?.writeGapMs], [at(400), 1_600, 1_805]);
});

test("a sign of the takeover before, or of long ago, is no cause of the next", () => {
  const second = events(broken, claim(2_000), ...opening(2_000), claim(9_000)).map((event, index) =>
    index < 8 ? event : { ...event, term: 3 },
  );
  assert.equal(incidents(second, true)[0]?.cause.at, at(7_000));
  assert.equal(incidents(events(broken, claim(70_000)), true)[0]?.cause.at, at(68_000));
});

test("a leader that comes back itself is a restart, and planned when the platform was stopped", () => {
  const again = (phase: string) => claim(2_000, { lockHolder: "b", lockPhase: phase });
  const found = (phase: string) => incidents(events(again(phase), ...opening(2_000)), false)[0];
  assert.deepEqual([found("serving")?.kind, found("serving")?.isPlanned], ["restart", false]);
  assert.deepEqual([found("stopped")?.kind, found("stopped")?.isPlanned], ["restart", true]);
  assert.equal(found("serving")?.recoveredAt, at(2_205), "an instance of one node needs no standby");
});

test("a leader that was down itself has its gap from what others saw, or from its last word", () => {
  const again = claim(5_000, { lockHolder: "b", lockAgeMs: 10 });
  const began: Line = [4_990, "b", "process", "agent-started", { inputs: { lastSaidAt: at(900) } }];
  const found = (...more: Line[]) => incidents(events(...more, began, again, ...opening(5_000)), true)[0];
  assert.deepEqual([found()?.kind, found()?.cause.at, found()?.writeGapMs], ["restart", at(900), 4_305]);
  const seen: Line = [
    1_000,
    "a",
    "stream",
    "broken",
    { term: 1, inputs: { peer: "b", postgres: "standby" } },
  ];
  assert.deepEqual([found(seen)?.cause.source, found(seen)?.writeGapMs], ["a", 4_205]);
});

const serves = { lockHolder: "b", lockPhase: "serving", syncMode: "async" };
const ended: Line = [1_000, "b", "postgres", "ended", { reason: "PostgreSQL was ended by SIGKILL" }];
const start = (ms: number, inputs: EventInputs = {}): Line => [
  ms,
  "b",
  "decision",
  "start-primary",
  { tookMs: 80, reason: "this node leads", inputs: { ...serves, ...inputs } },
];
const open = (ms: number, inputs: EventInputs = {}): Line => [
  ms,
  "b",
  "decision",
  "open-access",
  { tookMs: 30, inputs: { ...serves, ...inputs } },
];

test("a lone leader whose PostgreSQL is started again is one restart within its term, however many tries it took", () => {
  const lines = [open(0), ended, start(1_050), start(1_500), open(2_000)];
  assert.deepEqual(incidents(events(...lines), false), [
    {
      id: "b/2",
      kind: "restart",
      isPlanned: false,
      term: 2,
      before: "b",
      after: "b",
      cause: { at: at(1_000), source: "b", reason: "PostgreSQL was ended by SIGKILL" },
      decision: { at: at(1_050), source: "b", reason: "this node leads" },
      phases: [
        { name: "detected", tookMs: 50 },
        { name: "proven", tookMs: 950 },
        { name: "opened", tookMs: 30 },
      ],
      writeGapMs: 1_030,
      sessionsCut: 0,
      discarded: null,
      recoveredAt: at(2_030),
    },
  ]);
  const twice = [...lines, [5_000, "b", "fence", "fence"] as const, start(5_100), open(5_300)];
  assert.deepEqual(
    incidents(events(...twice), false).map(({ cause, writeGapMs }) => [cause.reason, writeGapMs]),
    [
      ["fence", 330],
      ["PostgreSQL was ended by SIGKILL", 1_030],
    ],
  );
});

test("an end that a fence caused has the reason of the fence, whichever was told first", () => {
  const fence: Line = [1_010, "b", "fence", "fence", { reason: "the deadline passed" }];
  const [found] = incidents(events(open(0), ended, fence, start(1_050)), false);
  assert.deepEqual([found?.cause.at, found?.cause.reason], [at(1_000), "the deadline passed"]);
});

test("what a restart within the term had to do with is no sign of the next takeover", () => {
  const again = claim(5_000, { lockHolder: "b", lockAgeMs: 10 });
  const [found] = incidents(events(open(0), ended, start(1_050), open(2_000), again), false);
  assert.deepEqual([found?.kind, found?.cause.at], ["restart", at(4_990)]);
});

test("a restart within a term of a pair is over when commits wait for the standby again", () => {
  const recovered = (...more: Line[]) =>
    incidents(events(ended, start(1_050), ...more), true)[0]?.recoveredAt;
  assert.equal(recovered(), null);
  assert.equal(recovered(open(2_000)), null);
  assert.equal(recovered(open(2_000), paired), at(9_005));
  assert.equal(recovered(open(2_000, { syncMode: "sync" })), at(2_030));
});

test("the start that belongs to a takeover is no restart", () => {
  const lines = [claim(2_000), start(2_100, { lockPhase: "claimed" }), ...opening(2_000)];
  assert.deepEqual(
    incidents(events(...lines), true).map(({ kind }) => kind),
    ["failover"],
  );
});

test("the loss of a standby is told by its leader, and commits waited until they were let go", () => {
  const serving = { lockPhase: "serving", syncMode: "sync", syncMembers: "c" };
  const found = incidents(
    events(
      [100, "b", "stream", "broken", { reason: "the WAL stream to c", inputs: { peer: "c" } }],
      [
        650,
        "b",
        "decision",
        "record-sync",
        { tookMs: 5, reason: "c is lost", inputs: { ...serving, wantedMode: "async" } },
      ],
      [660, "b", "decision", "set-sync-standbys", { tookMs: 30, inputs: { wantedStandbys: "" } }],
      paired,
    ),
    true,
  );
  assert.deepEqual(found, [
    {
      id: "b/1",
      kind: "standby-loss",
      isPlanned: false,
      term: 2,
      before: "b",
      after: null,
      cause: { at: at(100), source: "b", reason: "the WAL stream to c" },
      decision: { at: at(650), source: "b", reason: "c is lost" },
      phases: [
        { name: "detected", tookMs: 550 },
        { name: "released", tookMs: 40 },
      ],
      writeGapMs: 590,
      sessionsCut: 0,
      discarded: null,
      recoveredAt: at(9_005),
    },
  ]);
});

test("a first leader, a claim that failed and an opening without its standby are no incidents", () => {
  const first: Line = [0, "a", "decision", "claim", { term: 1 }];
  const failed = claim(2_000);
  const lines = [
    first,
    [failed[0], failed[1], failed[2], failed[3], { ...failed[4], failure: "no" }] as const,
  ];
  assert.deepEqual(incidents(events(...lines, ...opening(3_000)), true), []);
});
