/**
 * Scripted faults on a healthy cluster of a and b, where a leads, or on one that has just begun: what happens, and what
 * clients feel.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guards, SimulatedCluster } from "./cluster.ts";
import type { FaultKind } from "./faults.ts";
import { calm, type Settings } from "./settings.ts";
import type { Guards } from "./sim-node.ts";

export interface Outcome {
  /** Who leads at the end. */
  readonly leader?: "a" | "b";
  /** Changes of leader, exactly. */
  readonly failovers?: number;
  /** The longest time without an acknowledged write. */
  readonly gapMs?: number;
}

const recoverMs = 60_000;
const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

export class Scenario {
  readonly cluster: SimulatedCluster;

  constructor(seed: number, settings: Partial<Settings> = {}, guarded: Guards = guards) {
    const options = { seed, settings: { ...calm, ...settings }, isRecorded: true, guards: guarded };
    this.cluster = new SimulatedCluster(options);
    if (!this.cluster.settings.startsHealthy) return;
    this.cluster.advanceUntilHealthy(recoverMs);
    this.cluster.advance(1_000);
    this.cluster.invariants.failovers = 0;
    this.cluster.invariants.longestGapMs = 0;
  }

  /** Begins now, and ends by itself `forMs` later, or when everything is healed. */
  hurt(kind: FaultKind, node: "a" | "b", forMs = 0, detail = 0): this {
    this.cluster.begin({ kind, node: node === "a" ? 0 : 1, atMs: 0, forMs, detail });
    return this;
  }

  advance(ms: number): this {
    this.cluster.advance(ms);
    return this;
  }

  /** Whether an ambush still waits there. */
  isAmbushed(node: "a" | "b"): boolean {
    return this.cluster.nodes.some(({ id, ambush }) => id === node && ambush !== undefined);
  }
}

/** F50: the store is restored from a backup of an older term, and both hosts restart. */
export function restoreStore(seed: number, guarded: Guards = guards): SimulatedCluster {
  const it = new Scenario(seed, {}, guarded);
  const backup = it.cluster.world.store.values;
  it.hurt("lose node silently", "a", 5_000).advance(20_000);
  it.hurt("lose node silently", "a", 2_000).hurt("lose node silently", "b", 2_000).advance(1_000);
  it.cluster.world.store.restore(backup);
  return it.advance(60_000).cluster;
}

/** Nothing acknowledged is lost, no invariant breaks, the instance recovers, and it went as `outcome` says. */
export function testOutcome(
  title: string,
  script: (it: Scenario) => void,
  outcome: Outcome,
  settings: Partial<Settings> = {},
): void {
  test(title, () => {
    for (const seed of seeds) checkOutcome(seed, script, outcome, settings);
  });
}

export function checkOutcome(
  seed: number,
  script: (it: Scenario) => void,
  { leader, failovers, gapMs }: Outcome,
  settings: Partial<Settings> = {},
): void {
  const scenario = new Scenario(seed, settings);
  const { cluster } = scenario;
  const { invariants } = cluster;
  script(scenario);
  cluster.heal();
  cluster.advanceUntilHealthy(recoverMs);
  const story = `seed ${seed}\n${cluster.transcript()}`;
  assert.deepEqual(cluster.violations, [], story);
  if (leader) assert.equal(cluster.records().lock?.holder, leader, story);
  if (failovers !== undefined) assert.equal(invariants.failovers, failovers, story);
  if (gapMs !== undefined) {
    assert.ok(invariants.longestGapMs <= gapMs, `blocked for ${invariants.longestGapMs} ms, ${story}`);
  }
}
