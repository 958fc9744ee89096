import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { renderTruthTable, truthTablePath } from "./truth-table.ts";

test("docs/spec/truth-table.md is what the core decides (npm run truth-table writes it)", () => {
  assert.equal(readFileSync(truthTablePath, "utf8"), renderTruthTable());
});
