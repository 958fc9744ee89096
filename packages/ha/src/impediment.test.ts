import assert from "node:assert/strict";
import { test } from "node:test";
import { impedimentOf, replayGapBytes } from "./impediment.ts";
import type { Observation } from "./observation.ts";
import { observation, standby } from "./observation-builders.ts";

const table: readonly [string, Partial<Observation>, RegExp | undefined][] = [
  ["a standby that streams has none", {}, undefined],
  ["a full volume is one", { volume: "full" }, /full/],
  ["a volume that hangs is one", { volume: "stalled" }, /does not answer/],
  ["paused replay is one (F39)", { postgres: standby({ isPromotable: false }) }, /paused/],
  [
    "much to replay is one",
    { postgres: standby({ flushPosition: replayGapBytes + 1n, replayPosition: 0n }) },
    /bytes to replay/,
  ],
  [
    "a standby that starts has none",
    { postgres: { kind: "starting", as: "standby", forMs: 4_000 } },
    undefined,
  ],
  [
    "a standby that streams and takes no connection has one (F31)",
    { postgres: { kind: "starting", as: "standby", forMs: 5_000 } },
    /takes no connection/,
  ],
  [
    "a standby whose postmaster hangs has one",
    { postgres: { kind: "hung", as: "standby", forMs: 5_000 } },
    /takes no connection/,
  ],
];

for (const [situation, changes, expected] of table) {
  test(situation, () => {
    const impediment = impedimentOf(observation(changes));
    if (expected) assert.match(impediment ?? "", expected);
    else assert.equal(impediment, undefined);
  });
}
