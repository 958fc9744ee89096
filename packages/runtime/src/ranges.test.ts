import assert from "node:assert/strict";
import { test } from "node:test";
import { allows, checkRange } from "./ranges.ts";

test("an address is allowed by any range that holds it, and by none by nothing", () => {
  assert.ok(allows(["10.0.0.0/8", "127.0.0.1/32"], "127.0.0.1"));
  assert.ok(allows(["0.0.0.0/0"], "198.51.100.7"));
  assert.ok(!allows(["10.0.0.0/8"], "127.0.0.1"));
  assert.ok(!allows([], "127.0.0.1"));
});

test("whatever is no range is refused", () => {
  for (const text of ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/8;shutdown", "::/0", "a/8"]) {
    assert.throws(() => checkRange(text), RangeError);
  }
});
