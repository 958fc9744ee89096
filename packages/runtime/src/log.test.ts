import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { withoutSecrets } from "./log.ts";

test("a secret is hidden however deep it is, and a harmless key is not", () => {
  const fields = { key: "/a", request: { users: [{ name: "u", password: "p" }], secretKey: "s" } };
  assert.deepEqual(withoutSecrets(fields, 0), {
    key: "/a",
    request: { users: [{ name: "u", password: "[secret]" }], secretKey: "[secret]" },
  });
});

test("a full disk ends nobody who logs", async () => {
  const full = openSync("/dev/full", "w");
  const program = `
    const { createLog } = await import(${JSON.stringify(join(import.meta.dirname, "log.ts"))});
    const log = createLog("test");
    for (let line = 0; line < 3; line += 1) log.info({ line }, "written in vain");
    process.stderr.write("goes on");`;
  const args = ["--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  assert.equal(await text(child.stderr ?? assert.fail()), "goes on");
});
