/** What one run is like, drawn from its seed: some kinds of fault and not others, one preset, one weather, one pace. */
import { type Timing, timingPresets } from "@mainstay/domain/timing.ts";
import type { Random } from "./clock.ts";
import { type Fault, type FaultKind, faultKinds, timingChange } from "./faults.ts";
import type { Weather } from "./sim-network.ts";

export interface Settings {
  readonly nodeIds: readonly string[];
  readonly timing: Timing;
  readonly durability: "available" | "strict";
  readonly weather: Weather;
  /** Between two writes of the clients, on average. */
  readonly writeEveryMs: number;
  /** Whether the faults wait until the instance first serves. */
  readonly startsHealthy: boolean;
}

export const calm: Settings = {
  nodeIds: ["a", "b"],
  timing: timingPresets.fast,
  durability: "available",
  weather: { latencyMs: 1.5, lateChance: 0.005, lateMs: 60, lossChance: 0, twiceChance: 0 },
  writeEveryMs: 25,
  startsHealthy: true,
};

const mostFaults = 40;
const windowMs = 60_000;

export function drawSettings(random: Random): Settings {
  const isRough = random.chance(0.5);
  return {
    ...calm,
    timing: random.chance(0.8) ? timingPresets.fast : timingPresets.safe,
    weather: {
      latencyMs: random.chance(0.8) ? random.between(0.5, 3) : random.between(3, 20),
      lateChance: random.between(0, isRough ? 0.05 : 0.01),
      lateMs: random.between(20, isRough ? 900 : 120),
      lossChance: isRough ? random.between(0, 0.03) : 0,
      twiceChance: isRough ? random.between(0, 0.03) : 0,
    },
    writeEveryMs: random.between(30, 150),
    durability: random.chance(0.7) ? "available" : "strict",
    startsHealthy: random.chance(0.9),
  };
}

/** Up to 40 faults within 60 s, of a few kinds, each for a while: the next may begin before it ends. */
export function drawFaults(random: Random): Fault[] {
  const kinds = drawKinds(random);
  const count = 1 + random.below(mostFaults);
  const withinMs = random.chance(0.3) ? windowMs : random.between(2_000, windowMs);
  const shortChance = random.between(0.2, 0.9);
  const faults = Array.from({ length: count }, (): Fault => {
    return {
      kind: kinds[random.below(kinds.length)] ?? "crash node",
      // Of two nodes, or of three while one is replaced.
      node: random.below(6),
      atMs: Math.round(random.between(0, withinMs)),
      forMs: Math.round(
        random.chance(shortChance) ? random.between(20, 2_500) : random.between(2_500, 16_000),
      ),
      detail: random.below(40),
    };
  });
  return [...faults, ...drawTimingChanges(random)].sort((one, other) => one.atMs - other.atMs);
}

function drawTimingChanges(random: Random): Fault[] {
  const count = random.chance(0.3) ? 1 + random.below(3) : 0;
  return Array.from({ length: count }, () => ({
    ...{ kind: timingChange, node: 0, forMs: 0, detail: 0 },
    atMs: Math.round(random.between(0, windowMs / 2)),
  }));
}

function drawKinds(random: Random): FaultKind[] {
  const share = random.between(0.1, 1);
  const some = faultKinds.filter(() => random.chance(share));
  return some.length > 0 ? some : [...faultKinds];
}
