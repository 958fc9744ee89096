import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutSecrets } from "./log.ts";

test("a secret is hidden however deep it is, and a harmless key is not", () => {
  const fields = { key: "/a", request: { users: [{ name: "u", password: "p" }], secretKey: "s" } };
  assert.deepEqual(withoutSecrets(fields, 0), {
    key: "/a",
    request: { users: [{ name: "u", password: "[secret]" }], secretKey: "[secret]" },
  });
});
