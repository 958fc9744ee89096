/** How durable an instance's commits are and how fast it fails over: rules for both values. */
import type { Durability } from "@mainstay/domain/cluster.ts";
import { type TimingPreset, timingPresets } from "@mainstay/domain/timing.ts";

export function isDurability(word: string): word is Durability {
  return word === "available" || word === "strict";
}

export function isTimingPreset(word: string): word is TimingPreset {
  return Object.hasOwn(timingPresets, word);
}

export function durabilityProblem(word: string, isHa: boolean): string | undefined {
  if (!isDurability(word)) return "must be available or strict";
  return word === "strict" && !isHa ? "strict needs a highly available instance" : undefined;
}

export function timingProblem(word: string): string | undefined {
  return isTimingPreset(word) ? undefined : `must be one of ${Object.keys(timingPresets).join(", ")}`;
}
