import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalRange } from "./acls.ts";

test("a range is told by its canonical text, and refused when it is malformed", () => {
  const cases: Record<string, string | undefined> = {
    "10.1.2.3/8": "10.0.0.0/8",
    "192.0.2.7": "192.0.2.7/32",
    "0.0.0.0/0": "0.0.0.0/0",
    "255.255.255.255/31": "255.255.255.254/31",
    "1.2.3.4/33": undefined,
    "300.1.1.1/8": undefined,
    "1.2.3/8": undefined,
    "1.2.3.4/": undefined,
    "01.2.3.4/8": undefined,
    "1.2.3.4/08": undefined,
    "::/0": undefined,
    "": undefined,
  };
  for (const [text, range] of Object.entries(cases)) assert.equal(canonicalRange(text), range, text);
});
