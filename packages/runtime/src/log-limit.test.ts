import assert from "node:assert/strict";
import { appendFile, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { limitOnce } from "./log-limit.ts";

test("a log that grew too long is moved aside whole, and whoever appends to it goes on", async () => {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-logs-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const file = (name: string) => join(dir, name);
  const writer = parts.use(await open(file("long.log"), "a"));
  await writer.write("x".repeat(3_000_000));
  await writeFile(file("short.log"), "short");
  await writeFile(file("data"), "y".repeat(3_000_000));
  await limitOnce(dir, 2_000_000);
  await writer.write("more");
  assert.equal(await readFile(file("long.log"), "utf8"), "more");
  assert.equal((await readFile(file("long.log.1"), "utf8")).length, 3_000_000);
  await appendFile(file("short.log"), "er");
  await limitOnce(dir, 2_000_000);
  assert.deepEqual((await readdir(dir)).sort(), ["data", "long.log", "long.log.1", "short.log"]);
});
