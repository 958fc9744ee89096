import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeFileDurably } from "./files.ts";

test("a durable write replaces the content, sets the mode and leaves nothing beside", async () => {
  const dir = await mkdtemp(join(tmpdir(), "files-"));
  try {
    const path = join(dir, "secret");
    await writeFileDurably(path, "old", { mode: 0o644 });
    await writeFileDurably(path, "new", { mode: 0o600 });
    assert.equal(await readFile(path, "utf8"), "new");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(dir), ["secret"]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
