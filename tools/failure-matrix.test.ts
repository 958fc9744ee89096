import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const rows = [
  ...read("docs/spec/failure-matrix.md").matchAll(/^\| (F\d+) \|.*\| (yes )?\| (?:`(.*)` )?\|$/gm),
];
const simulated = ["failure-matrix", "failure-matrix-data"]
  .map((name) => read(`test/simulation/${name}.test.ts`))
  .join("\n");

/** A test has the number in its title, perhaps among others. */
function isTitled(source: string, number: string): boolean {
  return new RegExp(`["\`](F\\d+, )*${number}\\b(, F\\d+)*:`).test(source);
}

test("docs/spec/failure-matrix.md has every fault, and names tests that are there", () => {
  assert.deepEqual(
    rows.map(([, number]) => number),
    Array.from({ length: 50 }, (_, index) => `F${index + 1}`),
  );
  const missing = rows.flatMap(([, number = "", isSimulated, file]) => [
    ...(Boolean(isSimulated) === isTitled(simulated, number) ? [] : [`${number}: simulated`]),
    ...(file && !(existsSync(join(root, file)) && isTitled(read(file), number))
      ? [`${number}: ${file}`]
      : []),
  ]);
  assert.deepEqual(missing, []);
});
