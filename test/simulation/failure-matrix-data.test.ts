/** The failure matrix on simulated clusters, second part: rejoining, replication, disks and transitions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { timingChange } from "./faults.ts";
import { checkOutcome, restoreStore, type Scenario, testOutcome } from "./scenario.ts";
import type { Settings } from "./settings.ts";

const noFailover = { leader: "a", failovers: 0 } as const;
const ambushes = ["ambush agent", "ambush node", "ambush postgres"] as const;

/** For how long an ambush waits, and what it ended stays away. */
const ambushMs = 6_000;

/** Ends something of `node` at each of its steps from then on, in runs of their own, and lets it go on later. */
function testEveryStep(
  title: string,
  node: "a" | "b",
  script: (it: Scenario) => void,
  settings: Partial<Settings> = {},
): void {
  test(title, () => {
    for (const kind of ambushes) {
      let hasStruck = true;
      for (let step = 0; hasStruck; step += 1) {
        const ambushed = (it: Scenario) => {
          script(it);
          it.hurt(kind, node, ambushMs, step).advance(ambushMs - 1);
          hasStruck = !it.isAmbushed(node);
          it.advance(4_000);
        };
        checkOutcome(step + 1, ambushed, {}, settings);
      }
    }
  });
}

testEveryStep("F11, F24: whatever ends at any step of a rewind, the old primary rejoins", "a", (it) =>
  it.hurt("lose node silently", "a", 4_000).advance(4_000),
);

testEveryStep("F11, F44, F45: whatever ends at any step of a failover, nothing is lost", "b", (it) =>
  it.hurt("lose node silently", "a", 6_000).advance(1_500),
);

testOutcome(
  "F44: a former primary leads again when its successor is lost before it served",
  (it) => {
    it.hurt("lose node silently", "a", 4_000);
    for (let ms = 0; ms < 4_000 && it.cluster.records().lock?.holder !== "b"; ms++) it.advance(1);
    it.hurt("lose node silently", "b", 30_000).advance(12_000);
  },
  { leader: "a", failovers: 2 },
);

testEveryStep(
  "F47: whatever ends at any step of a switchover at the old leader, nothing is lost",
  "a",
  (it) => it.hurt("switchover", "b"),
);

testEveryStep("F47: whatever ends at any step of a switchover at its target, nothing is lost", "b", (it) =>
  it.hurt("switchover", "b"),
);

for (const node of ["a", "b"] as const) {
  testEveryStep(
    `F30: whatever ends at ${node} at any step of the first start and the clone, both nodes get there`,
    node,
    () => {},
    { startsHealthy: false },
  );
}

testOutcome(
  "a planned switchover holds writes up for 0.5 s at most",
  (it) => it.hurt("switchover", "b").advance(5_000),
  {
    leader: "b",
    failovers: 1,
    gapMs: 500,
  },
);

testOutcome(
  "F26: what a returning primary alone held was never acknowledged",
  (it) => it.hurt("isolate node", "a", 9_000).hurt("freeze fencer", "a", 9_000).advance(12_000),
  { leader: "b", failovers: 1 },
);

testOutcome(
  "F28, F29: a second failover in a row needs a standby that holds everything",
  (it) =>
    it
      .hurt("lose node silently", "a", 3_000)
      .advance(2_600)
      .hurt("lose node silently", "b", 3_000)
      .advance(9_000),
  { leader: "b", failovers: 1 },
);

testOutcome(
  "F32: a standby that dies blocks for a moment",
  (it) => it.hurt("crash node", "b", 9_000).advance(10_000),
  {
    ...noFailover,
    gapMs: 1_000,
  },
);

testOutcome(
  "F32: a standby that is frozen blocks for 2.5 s at most",
  (it) => it.hurt("freeze node", "b", 9_000).advance(12_000),
  {
    ...noFailover,
    gapMs: 2_500,
  },
);

testOutcome(
  "F33: a standby that may lack something does not lead, however long the leader is lost",
  (it) =>
    it
      .hurt("lose node silently", "b", 6_000)
      .advance(4_000)
      .hurt("lose node silently", "a", 20_000)
      .advance(20_000),
  noFailover,
);

testOutcome(
  "F34: a standby without a commit whose wait was cancelled does not take over",
  (it) =>
    it
      .hurt("freeze postgres", "b", 1_400)
      .advance(300)
      .hurt("cancel waits", "a", 100)
      .advance(200)
      .hurt("lose node silently", "a", 6_000)
      .advance(12_000),
  { leader: "a", failovers: 0 },
);

testOutcome(
  "F35: commits that waited when the primary crashed are not seen before the standby has them",
  (it) => it.hurt("freeze postgres", "b", 1_200).advance(300).hurt("kill postgres", "a").advance(8_000),
  {},
);

testOutcome(
  "F40: a primary whose disk is full hands over",
  (it) => it.hurt("full disk", "a", 20_000).advance(25_000),
  {
    leader: "b",
    failovers: 1,
    gapMs: 1_500,
  },
);

testOutcome(
  "F41: a standby whose disk is full is left behind",
  (it) => it.hurt("full disk", "b", 20_000).advance(25_000),
  {
    ...noFailover,
    gapMs: 1_500,
  },
);

testOutcome(
  "F4: what a hung volume held back is acknowledged by nobody who released the lock",
  (it) =>
    it
      .hurt("disk hangs", "a", 4_950)
      .advance(2_270)
      .hurt("cut off from store", "b", 3_400)
      .hurt("freeze postmaster", "a", 4_000)
      .advance(10_000),
  {},
  { durability: "strict" },
);

testOutcome(
  "F4: a primary whose volume hangs hands over",
  (it) => it.hurt("disk hangs", "a", 20_000).advance(25_000),
  { leader: "b", failovers: 1, gapMs: 11_500 },
);

testOutcome(
  "F4: a standby whose volume hangs is left behind",
  (it) => it.hurt("disk hangs", "b", 20_000).advance(25_000),
  { ...noFailover, gapMs: 3_000 },
);

testOutcome(
  "F4: a volume that hangs for two seconds costs no change of leader",
  (it) => it.hurt("disk hangs", "a", 2_000).advance(5_000),
  { ...noFailover, gapMs: 2_500 },
);

testOutcome(
  "F46: when both hosts have lost their power, nothing acknowledged is lost and the instance serves 15 s after",
  (it) => it.hurt("lose node silently", "a", 2_000).hurt("lose node silently", "b", 2_500).advance(3_000),
  { gapMs: 17_500 },
);

testOutcome(
  "F13: an agent that ends and a specification that changes do not stop a change of leader",
  (it) => {
    it.hurt("lose node silently", "a", 10_000).advance(1_900);
    it.hurt("kill agent", "b").hurt(timingChange, "a").advance(10_000);
  },
  // Another agent counts the leader's silence from when it begins.
  { leader: "b", failovers: 1, gapMs: 5_000 },
);

testOutcome(
  "F46: the whole platform is stopped and started again without a change of leader",
  (it) => it.hurt("stop platform", "a", 8_000).advance(10_000),
  noFailover,
);

testOutcome(
  "F47: a target that dies in the middle of a switchover leaves a leader behind",
  (it) => it.hurt("switchover", "b").advance(60).hurt("lose node silently", "b", 6_000).advance(8_000),
  {},
);

test("F50: a store of an older term is not obeyed: nobody leads until an operator looks", () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const cluster = restoreStore(seed);
    assert.deepEqual(cluster.violations, [], cluster.transcript());
    assert.equal(cluster.records().lock?.term, 1, cluster.transcript());
  }
});

testOutcome(
  "a primary that thaws in the middle of its start, with its time over, acknowledges nothing",
  (it) => {
    it.hurt("lose node silently", "b", 12_000).advance(3_000).hurt("kill postgres", "a").advance(60);
    it.hurt("freeze node", "a", 5_000).advance(14_000);
  },
  { leader: "a", failovers: 0 },
);

testOutcome(
  "F38, F39: a standby whose replay stands still leaves the sync set and comes back",
  (it) => it.hurt("pause replay", "b", 10_000).advance(15_000),
  { ...noFailover, gapMs: 1_000 },
);

testOutcome(
  "F48: a primary that dies again and again is replaced three times an hour, then started in place",
  (it) => {
    for (const leader of ["a", "b", "a", "b", "b"] as const) it.hurt("kill postgres", leader).advance(25_000);
  },
  { leader: "b", failovers: 3 },
);

testOutcome(
  "an operator's failover does not wait for a frozen leader",
  (it) => it.hurt("freeze postgres", "a", 8_000).advance(200).hurt("failover by hand", "b").advance(12_000),
  { leader: "b", failovers: 1, gapMs: 3_000 },
);

for (const [from, to] of [
  ["fast", "safe"],
  ["safe", "fast"],
] as const) {
  testOutcome(
    `a running instance's timing is changed from ${from} to ${to}: it holds from the next term on`,
    (it) =>
      it
        .hurt(timingChange, "a")
        .advance(1_000)
        .hurt("lose node silently", "a", timingPresets[from].takeMs + 3_000)
        .advance(timingPresets[from].takeMs + 20_000),
    { leader: "b", failovers: 1, gapMs: timingPresets[from].takeMs + 1_000 },
    { timing: timingPresets[from] },
  );
}

/** The leader serves alone, and then is lost together with what it acknowledged. */
function loseWhatOnlyTheLeaderHas(it: Scenario, byHand: "failover by hand" | "failover with losses"): void {
  it.hurt("crash node", "b", 1_500).advance(1_400).hurt("lose node silently", "a", 20_000).advance(3_000);
  it.hurt(byHand, "b").advance(10_000);
}

testOutcome(
  "S16: an operator who accepts losses makes a standby lead that lacks something",
  (it) => loseWhatOnlyTheLeaderHas(it, "failover with losses"),
  { leader: "b", failovers: 1 },
);

testOutcome(
  "F29: a leader whose losses were accepted is cloned when it comes back, whatever its timeline says",
  (it) => {
    loseWhatOnlyTheLeaderHas(it, "failover with losses");
    it.advance(25_000);
    assert.match(it.cluster.transcript(), /a +clone: losses were accepted/);
    assert.ok(it.cluster.isHealthy(), it.cluster.transcript());
  },
  { leader: "b", failovers: 1 },
);

testOutcome(
  "S16: an operator makes a former primary lead that lacks what its successor acknowledged",
  (it) => {
    it.hurt("lose node silently", "a", 9_000).advance(8_000);
    it.hurt("lose node silently", "b", 15_000)
      .advance(4_000)
      .hurt("failover with losses", "a")
      .advance(8_000);
    assert.equal(it.cluster.records().lock?.holder, "a", it.cluster.transcript());
    it.advance(30_000);
    assert.match(it.cluster.transcript(), /b +clone: losses were accepted/);
    assert.ok(it.cluster.isHealthy(), it.cluster.transcript());
  },
  { leader: "a", failovers: 2 },
);

testOutcome(
  "S16: an operator who does not accept losses changes nothing",
  (it) => loseWhatOnlyTheLeaderHas(it, "failover by hand"),
  noFailover,
);

testOutcome(
  "S16: a claim on the word of an operator who has changed his mind meanwhile is refused",
  (it) => {
    it.hurt("crash node", "b", 1_500).advance(1_400).hurt("lose node silently", "a", 10_000).advance(3_000);
    it.hurt("store without leader", "a", 300).hurt("failover with losses", "b").advance(200);
    it.hurt("switchover", "a").advance(10_000);
  },
  noFailover,
);

testOutcome(
  "F27: a standby that was away until the WAL it needs was recycled is cloned",
  (it) => {
    it.hurt("lose node silently", "b", 12_000).advance(11_900).hurt("recycle WAL", "a");
    it.advance(35_000);
    assert.match(it.cluster.transcript(), /b +clone: no streaming/);
    assert.ok(it.cluster.isHealthy(), it.cluster.transcript());
  },
  noFailover,
);

testOutcome(
  "F31: a standby whose data is corrupt leaves the sync set and is cloned",
  (it) => {
    it.hurt("corrupt standby", "b").advance(15_000);
    assert.match(it.cluster.transcript(), /b +clone: PostgreSQL failed to start twice/);
    assert.ok(it.cluster.isHealthy(), it.cluster.transcript());
  },
  { ...noFailover, gapMs: 1_000 },
);

testOutcome(
  "F7: a leader that recovers for long after a crash leaves it to the standby that is ready",
  (it) => it.hurt("long recovery", "a", 40_000, 39).hurt("lose node silently", "a", 300).advance(30_000),
  { leader: "b", failovers: 1, gapMs: 14_000 },
);

testOutcome(
  "F7: a leader that is alone and recovers for long goes on when it has",
  (it) => {
    it.hurt("lose node silently", "b", 60_000).advance(5_000);
    it.hurt("long recovery", "a", 40_000, 39).hurt("kill postgres", "a").advance(30_000);
  },
  { ...noFailover, gapMs: 25_000 },
);

for (const durability of ["available", "strict"] as const) {
  testOutcome(
    `${durability}: a standby that is lost for good is replaced by a new node`,
    (it) => it.hurt("replace node", "b", 30_000, 1).advance(20_000),
    noFailover,
    { durability },
  );

  testOutcome(
    `${durability}: a standby that lives and is replaced goes quietly`,
    (it) => it.hurt("replace node", "b", 0, 0).advance(20_000),
    { ...noFailover, gapMs: 3_000 },
    { durability },
  );

  testOutcome(
    `${durability}: a standby that is replaced when the leader dies may lead, and is a member again`,
    (it) => it.hurt("lose node silently", "a", 30_000).hurt("replace node", "b", 0, 0).advance(25_000),
    { leader: "b", failovers: 1 },
    { durability },
  );
}
