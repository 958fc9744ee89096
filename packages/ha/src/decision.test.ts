/** Whatever a node sees, likely or not: each decision keeps the safety rules of docs/spec/ha.md by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import fc from "fast-check";
import { isEligible } from "./claim.ts";
import { decide, mayWrite } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { hasPrimary, isHeldOn, isOwnLock } from "./lease.ts";
import type { Observation, PostgresState, PrimaryPostgres, SeenLock, SeenSync } from "./observation.ts";
import {
  frozen,
  gone,
  held,
  observation,
  peer,
  primary,
  recorded,
  request,
  spec,
  standby,
  stopped,
} from "./observation-builders.ts";
import { isProven, isSame } from "./primary.ts";

const attached = { nodeId: "b", notStreamingForMs: 0, flushPosition: 1_000n, replyAgeMs: 10 };
const proof = { term: 3, syncStandbys: ["b"] };
const forced = { ...request, kind: "failover", acceptLoss: true } as const;
const own = { holder: "a", bootId: "a1" };
const other = { holder: "b", bootId: "b1" };
const takeovers = Array(3).fill("2026-01-01T00:00:00.000Z");

/** Mostly `value`, so that situations are seen whole; sometimes one of `others`. */
function usually<T>(value: T, ...others: readonly T[]): fc.Arbitrary<T> {
  const rest = others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) }));
  return fc.oneof({ weight: 9 * rest.length, arbitrary: fc.constant(value) }, ...rest);
}

const phase = usually<LockRecord["phase"]>("serving", "claimed", "opening", "released", "stopped");
const lock: fc.Arbitrary<SeenLock> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<SeenLock>({ kind: "unknown" }, { kind: "free" }) },
  {
    weight: 20,
    arbitrary: fc
      .record({
        holder: fc.constantFrom(own, own, other, other, { ...own, bootId: "a0" }),
        phase,
        term: usually(3, 2),
        ageMs: usually(100, 2_000, 30_000),
        phaseMs: usually(100, 20_000),
      })
      .map(({ holder, phase, term, ageMs, phaseMs }) => held({ ...holder, phase, term }, ageMs, phaseMs)),
  },
);

const sync: fc.Arbitrary<SeenSync> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<SeenSync>({ kind: "unknown" }, { kind: "none" }) },
  {
    weight: 20,
    arbitrary: fc
      .record({
        leader: fc.constantFrom("a", "b"),
        mode: fc.constantFrom("sync" as const, "async" as const),
        systemId: usually<string | null>("s", null),
        isSettled: fc.boolean(),
        isSpent: usually(false, true),
        hasThird: usually(false, true),
        lossTerm: usually(0, 3),
      })
      .map(({ leader, mode, systemId, isSettled, isSpent, hasThird, lossTerm }) => {
        const members = mode === "sync" ? [leader === "a" ? "b" : "a", ...(hasThird ? ["c"] : [])] : [];
        const spent = isSpent ? takeovers : [];
        return recorded({ leader, mode, members, systemId, takeovers: spent, lossTerm }, isSettled);
      }),
  },
);

const ending: fc.Arbitrary<PostgresState> = fc.record({
  kind: fc.constantFrom("starting", "hung"),
  as: fc.constantFrom("primary", "standby"),
  forMs: fc.constantFrom(100, 2_000, 20_000),
});
const down = fc
  .record({
    isStandby: fc.boolean(),
    failedStarts: usually(0, 1, 2, 9),
    systemId: usually("s", "other"),
    forMs: fc.constantFrom(0, 60_000),
  })
  .map(stopped);
const writable = fc
  .record({
    access: fc.constantFrom("open", "closed"),
    syncStandbys: fc.constantFrom([], ["b"], ["b"], ["b", "c"]),
    proof: usually<PrimaryPostgres["proof"]>(
      proof,
      undefined,
      { term: 3, syncStandbys: [] },
      { ...proof, term: 2 },
    ),
    isProving: usually(false, true),
    isPrepared: usually(true, false),
    standbys: usually([attached], [frozen], [gone], []),
    recoveryEnd: usually(0n, 950n, 2_000n),
    forMs: fc.constantFrom(100, 60_000),
    systemId: usually("s", "other"),
    slots: usually(["b"], []),
  })
  .map(primary);
const following = fc
  .record({
    upstream: fc.constantFrom("b", undefined),
    receiver: fc.constantFrom("streaming", "connecting", "stopped"),
    notStreamingForMs: fc.constantFrom(0, 500, 20_000),
    isPromotable: usually(true, false),
    systemId: usually("s", "other"),
  })
  .map(standby);

const anything = fc
  .record({
    lock,
    sync,
    postgres: fc.oneof(fc.constant<PostgresState>({ kind: "absent" }), ending, down, writable, following),
    lease: usually<Observation["lease"]>(
      { term: 3, deadlineMs: 11_000 },
      undefined,
      { term: 3, deadlineMs: 10_000 },
      { term: 2, deadlineMs: 11_000 },
    ),
    dataTerm: usually(3, 2),
    intent: usually<Observation["intent"]>(undefined, "rewind", "clone"),
    links: fc.constantFrom("open", "refused", "unknown").map((state) => [{ nodeId: "b", state }]),
    volume: usually<Observation["volume"]>("usable", "full", "stalled"),
    peers: usually([peer("standby", 100)], [], [peer("standby", 100, "its volume is full")]),
    request: usually<Observation["request"]>(
      undefined,
      request,
      forced,
      { ...forced, acceptLoss: false },
      { ...forced, target: "a" },
    ),
    isUncovered: usually(false, true),
    shutdown: usually<Observation["shutdown"]>("none", "in-place", "hand-over"),
    spec: fc.constantFrom(spec, { ...spec, durability: "strict" as const }),
  })
  .map(observation);

/** Holds of every observation for which it is asked; `applies` must be met often enough for the test to say something. */
function always(
  title: string,
  applies: (seen: Observation, decision: Decision) => boolean,
  holds: (seen: Observation, decision: Decision) => boolean,
): void {
  test(title, () => {
    let times = 0;
    fc.assert(
      fc.property(anything, (situation) => {
        const decision = decide(situation);
        if (!applies(situation, decision)) return true;
        times += 1;
        return holds(situation, decision);
      }),
      { numRuns: 50_000, seed: 1 },
    );
    assert.ok(times >= 25, `only ${times} situations were of this kind`);
  });
}

function isOneOf(...actions: readonly Decision["action"][]) {
  return (_seen: Observation, { action }: Decision) => actions.includes(action);
}

function hasLease({ lock, lease, self, bootId, nowMs }: Observation): boolean {
  if (lock.kind !== "held" || !lease || lease.deadlineMs <= nowMs || lease.term !== lock.record.term)
    return false;
  return isOwnLock(lock.record, self, bootId) && isHeldOn(lock.record);
}

function record({ sync }: Observation) {
  return sync.kind === "recorded" ? sync.record : undefined;
}

/** Whom commits must at least wait for. */
function owed(seen: Observation): readonly string[] {
  return record(seen)?.members ?? [];
}

always(
  "every decision has a reason",
  () => true,
  (_seen, { reason }) => reason.length > 3,
);

always(
  "S3: what may write is ended once its lease ran out or the lock is not its own",
  ({ postgres, lock, lease, self, bootId, nowMs }) =>
    mayWrite(postgres) &&
    ((lease !== undefined && nowMs >= lease.deadlineMs) ||
      lock.kind === "free" ||
      (lock.kind === "held" && !(isOwnLock(lock.record, self, bootId) && isHeldOn(lock.record)))),
  (_seen, { action }) => action === "fence",
);

always(
  "S2: only a node with a valid lease and a sync record that names it acts as leader",
  isOneOf(
    "initialise",
    "start-primary",
    "promote",
    "detach",
    "set-sync-standbys",
    "prove",
    "prepare",
    "set-slots",
    "open-access",
    "record-sync",
    "set-phase",
  ),
  (seen) => hasLease(seen) && record(seen)?.leader === seen.self,
);

always(
  "S5: nothing is promoted that may still acknowledge to its old primary",
  isOneOf("promote"),
  ({ postgres }) =>
    postgres.kind === "standby" && postgres.upstream === undefined && postgres.receiver === "stopped",
);

always(
  "S7: commits never wait for fewer than the sync record says, and only a settled record takes any away",
  isOneOf("set-sync-standbys", "promote", "start-primary", "open-access"),
  (seen, decision) => {
    if (!("syncStandbys" in decision)) return false;
    const { syncStandbys } = decision;
    if (!owed(seen).every((id) => syncStandbys.includes(id))) return false;
    const before = seen.postgres.kind === "primary" ? seen.postgres.syncStandbys : undefined;
    const takesAway = before?.some((id) => !syncStandbys.includes(id)) ?? true;
    return !takesAway || (seen.sync.kind === "recorded" && seen.sync.isSettled);
  },
);

always(
  "S1: a claim raises the term by one, under compare-and-swap of both records",
  isOneOf("claim"),
  ({ lock, sync }, decision) =>
    decision.action === "claim" &&
    decision.lock.term === (lock.kind === "held" ? lock.record.term + 1 : 1) &&
    decision.sync.term === decision.lock.term &&
    decision.lockRevision === (lock.kind === "held" ? lock.revision : undefined) &&
    decision.syncRevision === (sync.kind === "recorded" ? sync.revision : undefined),
);

always(
  "S7, S16: whoever may lack acknowledged commits claims only when an operator accepts that",
  isOneOf("claim"),
  (seen) => {
    const before = record(seen);
    if (!before || isEligible(before, seen.self)) return true;
    const { request } = seen;
    return request?.kind === "failover" && request.acceptLoss && request.target === seen.self;
  },
);

always(
  "S2: a lock that another node may still hold is claimed only by its one sync standby, when it refuses connections",
  ({ lock, self }, { action }) =>
    action === "claim" &&
    lock.kind === "held" &&
    lock.record.holder !== self &&
    isHeldOn(lock.record) &&
    lock.unchangedForMs < spec.timing.takeMs,
  ({ sync, links, postgres, self }) =>
    sync.kind === "recorded" &&
    sync.record.mode === "sync" &&
    isSame(sync.record.members, [self]) &&
    links.some(({ state }) => state === "refused") &&
    postgres.kind === "standby" &&
    postgres.receiver !== "streaming",
);

always(
  "S8: clients come in only after a write of this term under the setting that the record names",
  isOneOf("open-access"),
  ({ postgres, lock, ...seen }, decision) =>
    postgres.kind === "primary" &&
    lock.kind === "held" &&
    decision.action === "open-access" &&
    isSame(postgres.syncStandbys, decision.syncStandbys) &&
    isSame(decision.syncStandbys, owed({ ...seen, postgres, lock })) &&
    isProven(postgres, lock.record.term, decision.syncStandbys),
);

always(
  "S8: what recovery brought back is on every sync standby before clients come in",
  isOneOf("open-access"),
  (seen) => {
    const { postgres } = seen;
    if (postgres.kind !== "primary") return false;
    return owed(seen).every((id) =>
      postgres.standbys.some(
        ({ nodeId, flushPosition }) => nodeId === id && flushPosition >= postgres.recoveryEnd,
      ),
    );
  },
);

always(
  "S9: with a commit whose wait was cancelled no standby is recorded, and no lock released to one",
  ({ isUncovered }, { action }) => isUncovered && (action === "record-sync" || action === "set-phase"),
  (seen, decision) =>
    decision.action === "record-sync"
      ? decision.sync.mode === "async" || record(seen)?.systemId === null
      : decision.action === "set-phase" && (decision.phase !== "released" || record(seen)?.mode === "async"),
);

always(
  "strict: what is open never stops waiting for a standby",
  ({ spec, postgres }, { action }) =>
    action === "set-sync-standbys" &&
    spec?.durability === "strict" &&
    postgres.kind === "primary" &&
    postgres.access === "open" &&
    postgres.syncStandbys.length > 0,
  (_seen, decision) => decision.action === "set-sync-standbys" && decision.syncStandbys.length > 0,
);

always(
  "strict: no instance that was synchronous is ever recorded as asynchronous, but for a cancelled wait",
  (seen, { action }) =>
    action === "record-sync" &&
    !seen.isUncovered &&
    seen.spec?.durability === "strict" &&
    record(seen)?.mode === "sync",
  (_seen, decision) => decision.action === "record-sync" && decision.sync.mode === "sync",
);

always(
  "S10: unfinished data is neither started as a follower nor claimed for",
  ({ intent, ...seen }) => intent !== undefined && !hasLease({ ...seen, intent }),
  (_seen, { action }) => action !== "claim" && action !== "start-standby" && action !== "start-primary",
);

always(
  "S10: data from before accepted losses is neither followed with nor rewound",
  ({ dataTerm, ...seen }) =>
    dataTerm < (record({ ...seen, dataTerm })?.lossTerm ?? 0) && !hasLease({ ...seen, dataTerm }),
  (_seen, decision) =>
    decision.action === "start-standby"
      ? decision.upstream === undefined
      : decision.action !== "follow" && decision.action !== "rewind",
);

always(
  "S14: data is destroyed only while another node is primary, renews, and is there",
  isOneOf("clone", "rewind"),
  ({ lock, links, self, highestTerm }) =>
    lock.kind === "held" &&
    lock.record.holder !== self &&
    hasPrimary(lock.record) &&
    lock.unchangedForMs < spec.timing.takeMs &&
    lock.record.term >= highestTerm &&
    links.some(({ state }) => state === "open"),
);

always(
  "S15: a store that is older than the node is obeyed in nothing but fencing",
  ({ lock, highestTerm }) => lock.kind === "held" && lock.record.term < highestTerm,
  (seen, { action }) => action === "fence" || action === "wait" || hasLease(seen),
);
