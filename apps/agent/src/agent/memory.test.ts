import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWalPosition } from "@mainstay/domain/wal-position.ts";
import type { PrimaryStatus } from "@mainstay/postgres/status.ts";
import { createMemory } from "./memory.ts";

const primary = (syncStandbys: readonly string[]): PrimaryStatus => ({
  kind: "primary",
  systemId: "7",
  timeline: 1,
  flushPosition: parseWalPosition("0/3000000"),
  syncStandbys,
  access: "open",
  standbys: [],
  slots: [],
  preparedMark: "",
});

test("a proof counts for as long as the setting is seen unchanged, and not when it is back (S7)", () => {
  const run = createMemory().runOf({ pid: 2, as: "primary", startedAtMs: 1 });
  run.answered(primary(["b"]), 10, 11);
  run.proof = { term: 1, syncStandbys: ["b"] };
  run.answered(primary(["b"]), 20, 21);
  assert.ok(run.proof);
  run.answered(primary([]), 30, 31);
  run.answered(primary(["b"]), 40, 41);
  assert.equal(run.proof, undefined);
});
