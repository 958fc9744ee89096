import assert from "node:assert/strict";
import { mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { run } from "@mainstay/runtime/run.ts";
import { buildImage, supervisorOf } from "./image.ts";

const sources = join(import.meta.dirname, "../../../../apps/agent/src");
const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-image-")));
after(() => rm(dir, { recursive: true, force: true }));

test("an image is replaced whole, everybody may read it, and its programs load", async () => {
  const image = join(dir, "image");
  const before = process.umask(0o077);
  try {
    await buildImage(sources, image);
    await buildImage(sources, image);
  } finally {
    process.umask(before);
  }
  assert.deepEqual(await readdir(dir), ["image"]);
  for (const file of await readdir(image, { recursive: true })) {
    const { mode } = await stat(join(image, file));
    assert.equal(mode & 0o444, 0o444, file);
    assert.equal(mode & 0o022, 0, file);
  }
  const missing = run(process.execPath, [supervisorOf(image), join(dir, "no-node")], { timeoutMs: 20_000 });
  await assert.rejects(missing, /no-node.node\.json/);
});
