import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatWalPosition, parseWalPosition } from "./wal-position.ts";

test("a WAL position survives being written and parsed", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (position) => {
      assert.equal(parseWalPosition(formatWalPosition(position)), position);
    }),
  );
});

test("text that is not a WAL position is refused", () => {
  for (const text of ["", "0", "0/", "G/0", "0/100000000", " 0/0"]) {
    assert.throws(() => parseWalPosition(text), RangeError);
  }
});
