import assert from "node:assert/strict";
import { test } from "node:test";
import { runChaos } from "./run-chaos.ts";

test("half a minute of random faults loses nothing, and the pair recovers by itself", async () => {
  const { signal } = new AbortController();
  const lines: string[] = [];
  const report = await runChaos({ seed: 7, forMs: 30_000, signal, tell: (line) => lines.push(line) });
  assert.deepEqual(report.problems, [], lines.join("\n"));
  assert.ok(report.writes.acknowledged > 200, JSON.stringify(report));
});
