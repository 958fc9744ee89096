/** Each guard is taken away and seen to be missed: a simulator that finds nothing proves nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { decide } from "@mainstay/ha/decide.ts";
import type { Decision } from "@mainstay/ha/decision.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { guards } from "./cluster.ts";
import { timingChange } from "./faults.ts";
import type { Invariant } from "./invariants.ts";
import { restoreStore, Scenario } from "./scenario.ts";
import { runSchedule } from "./schedule.ts";
import type { Guards } from "./sim-node.ts";

const enoughRuns = 500;

interface Mutant {
  readonly guard: string;
  readonly invariant: Invariant;
  readonly guards: Guards;
}

const mutants: readonly Mutant[] = [
  {
    guard: "a claim takes the next term",
    invariant: "S1",
    guards: deciding((decision) =>
      decision.action === "claim" && decision.lock.term > 1
        ? { ...decision, lock: { ...decision.lock, term: decision.lock.term - 1 } }
        : decision,
    ),
  },
  {
    guard: "a primary that lost the store goes on waiting for its standby",
    invariant: "S2",
    guards: { hasFencer: false, decide: goingOnAlone },
  },
  { guard: "the fencer kills at the deadline", invariant: "S3", guards: { ...guards, hasFencer: false } },
  {
    guard: "a challenger waits until the old deadline has passed",
    invariant: "S4",
    guards: seeing((seen) =>
      seen.lock.kind === "held"
        ? { ...seen, lock: { ...seen.lock, unchangedForMs: seen.lock.unchangedForMs * 2 } }
        : seen,
    ),
  },
  {
    guard: "a standby is detached from the old primary before it is promoted",
    invariant: "S5",
    guards: deciding((decision, { sync }) =>
      decision.action === "detach" && sync.kind === "recorded"
        ? { action: "promote", syncStandbys: sync.record.members, reason: decision.reason }
        : decision,
    ),
  },
  {
    guard: "only who holds every acknowledged commit may claim",
    invariant: "S6",
    guards: seeing((seen) => {
      if (seen.sync.kind !== "recorded" || seen.sync.record.leader === seen.self) return seen;
      const record = { ...seen.sync.record, mode: "sync" as const, members: [seen.self] };
      return { ...seen, sync: { ...seen.sync, record } };
    }),
  },
  {
    guard: "a standby is recorded only after a write was acknowledged under the setting",
    invariant: "S7",
    guards: seeing((seen) => {
      const { postgres, sync } = seen;
      if (postgres.kind !== "primary" || sync.kind !== "recorded" || sync.record.mode === "sync") return seen;
      const proof = { term: sync.record.term, syncStandbys: postgres.syncStandbys };
      return { ...seen, postgres: { ...postgres, syncSince: 0n, proof } };
    }),
  },
  {
    guard: "after a cancelled wait a standby is recorded only once it has that commit",
    invariant: "S7",
    guards: seeing((seen) =>
      seen.sync.kind === "recorded" && seen.sync.record.mode === "async"
        ? { ...seen, isUncovered: false }
        : seen,
    ),
  },
  {
    guard: "the door opens only after an own write of the term",
    invariant: "S8",
    guards: deciding((decision) =>
      decision.action === "prove"
        ? { action: "open-access", syncStandbys: [], reason: decision.reason }
        : decision,
    ),
  },
  {
    guard: "asynchronous is recorded before the setting is emptied",
    invariant: "S9",
    guards: deciding((decision, { postgres }) => {
      if (decision.action !== "record-sync" || decision.sync.mode === "sync") return decision;
      if (postgres.kind !== "primary" || postgres.syncStandbys.length === 0) return decision;
      return { action: "set-sync-standbys", syncStandbys: [], reason: decision.reason };
    }),
  },
  {
    guard: "what an interrupted rewind left is never started",
    invariant: "S10",
    guards: seeing((seen) => ({ ...seen, intent: undefined })),
  },
  {
    guard: "a standby counts only when it has what there was when commits began to wait for it",
    invariant: "S11",
    guards: seeing((seen) => {
      const { postgres, sync } = seen;
      if (postgres.kind !== "primary" || sync.kind !== "recorded") return seen;
      const proof = { term: sync.record.term, syncStandbys: postgres.syncStandbys };
      return { ...seen, postgres: { ...postgres, syncSince: 0n, proof } };
    }),
  },
  {
    guard: "a failover by hand costs nothing unless the operator accepts that",
    invariant: "S16",
    guards: seeing((seen) =>
      seen.request ? { ...seen, request: { ...seen.request, acceptLoss: true } } : seen,
    ),
  },
];

for (const { guard, invariant, guards } of mutants) {
  test(`${invariant} breaks without its guard: ${guard}`, () => {
    for (let seed = 1; seed <= enoughRuns; seed += 1) {
      const { violations } = runSchedule({ seed, guards });
      if (violations.some((violation) => violation.invariant === invariant)) return;
    }
    assert.fail(`${enoughRuns} runs without the guard broke nothing`);
  });
}

test("S1 breaks without its guard: a store that is older than the node is not obeyed (S15)", () => {
  const { violations } = restoreStore(
    1,
    seeing((seen) => ({ ...seen, highestTerm: 0 })),
  );
  assert.deepEqual(
    violations.map(({ invariant }) => invariant),
    ["S1"],
  );
});

test("S4 breaks without its guard: a challenger waits by the timing of the term, not of the specification", () => {
  const impatient = seeing((seen) => {
    if (seen.lock.kind !== "held" || !seen.spec) return seen;
    return { ...seen, lock: { ...seen.lock, record: { ...seen.lock.record, timing: seen.spec.timing } } };
  });
  const script = (guarded: Guards) => {
    const it = new Scenario(1, { timing: timingPresets.safe }, guarded);
    it.hurt(timingChange, "a").advance(500).hurt("freeze agent", "a", 4_000).advance(4_000);
    return it.cluster.violations.map(({ invariant }) => invariant);
  };
  assert.deepEqual([script(impatient), script(guards)], [["S4"], []]);
});

test("S14 breaks without its guard: a lone leader that cannot start gives up its data for nobody", () => {
  const cloning = deciding((decision, { postgres }) => {
    const isFailing = postgres.kind === "stopped" && postgres.failedStarts >= 2;
    return decision.action === "start-primary" && isFailing
      ? { action: "clone", from: "b", reason: decision.reason }
      : decision;
  });
  const it = new Scenario(1, {}, cloning);
  it.hurt("lose node silently", "b", 30_000).advance(4_000);
  for (let kills = 0; kills < 20; kills += 1) it.hurt("kill postgres", "a").advance(40);
  assert.deepEqual(
    it.cluster.violations.map(({ invariant }) => invariant),
    ["S14"],
  );
});

test("S6 breaks without the guard of S9: a standby that missed what was acknowledged leads", () => {
  const sayingNothing = deciding((decision, { postgres, sync }) => {
    const isLeaving = sync.kind === "recorded" && sync.record.mode === "sync";
    if (!isLeaving || decision.action !== "record-sync" || decision.sync.mode === "sync") return decision;
    return postgres.kind === "primary" && postgres.syncStandbys.length > 0
      ? { action: "set-sync-standbys", syncStandbys: [], reason: decision.reason }
      : { action: "wait", reason: decision.reason };
  });
  const it = new Scenario(1, {}, sayingNothing);
  it.hurt("crash node", "b", 1_500).advance(1_400).hurt("lose node silently", "a", 20_000).advance(8_000);
  const broken = it.cluster.violations.map(({ invariant }) => invariant);
  assert.ok(broken.includes("S6"), it.cluster.transcript());
});

test("without any fencer the starved replication still loses nothing", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const { violations, cluster } = runSchedule({ seed, guards: { ...guards, hasFencer: false } });
    const others = violations.filter(({ invariant }) => invariant !== "S3");
    assert.deepEqual(others, [], cluster.transcript());
  }
});

/** Cut off from the store it serves on, asynchronously, and fences nothing. */
function goingOnAlone(seen: Observation): Decision {
  const decision = decide(seen);
  const { postgres, lock } = seen;
  if (postgres.kind === "primary" && lock.kind === "unknown" && postgres.syncStandbys.length > 0) {
    return { action: "set-sync-standbys", syncStandbys: [], reason: decision.reason };
  }
  return decision.action === "fence" ? { action: "wait", reason: decision.reason } : decision;
}

function deciding(change: (decision: Decision, seen: Observation) => Decision): Guards {
  return { ...guards, decide: (seen) => change(decide(seen), seen) };
}

function seeing(change: (seen: Observation) => Observation): Guards {
  return { ...guards, decide: (seen) => decide(change(seen)) };
}
