import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Type } from "typebox";
import { ConfigError, readConfigFile } from "./config-file.ts";

test("a configuration is taken as it is, or refused with every problem and the file's name", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-config-"));
  t.after(() => rm(dir, { recursive: true }));
  const file = join(dir, "a.json");
  const schema = Type.Object({ port: Type.Integer({ minimum: 1 }), host: Type.String() });
  await writeFile(file, JSON.stringify({ port: 5432, host: "a" }));
  assert.deepEqual(await readConfigFile(file, schema), { port: 5432, host: "a" });
  await writeFile(file, JSON.stringify({ port: 0, host: 7 }));
  await assert.rejects(readConfigFile(file, schema), (error: ConfigError) => {
    assert.equal(error.fault.problems.length, 2);
    assert.match(error.message, /a\.json: \/port .*; \/host /);
    return error instanceof ConfigError;
  });
});
