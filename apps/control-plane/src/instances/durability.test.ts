import assert from "node:assert/strict";
import { test } from "node:test";
import { durabilityProblem, timingProblem } from "./durability.ts";

test("strict needs a second node", () => {
  assert.equal(durabilityProblem("strict", true), undefined);
  assert.equal(durabilityProblem("available", false), undefined);
  assert.match(durabilityProblem("strict", false) ?? "", /highly available/);
  assert.match(durabilityProblem("lax", true) ?? "", /available or strict/);
});

test("only presets are timings", () => {
  assert.match(timingProblem("toString") ?? "", /fast, safe/);
  assert.equal(timingProblem("safe"), undefined);
});
