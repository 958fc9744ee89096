import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "./pause.ts";
import { killTree, processesUnder } from "./process-tree.ts";

/** A program that starts a child of its own and then waits. */
const parent = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], {stdio: "ignore"});
setTimeout(() => {}, 60000)`;

test("killing a tree ends a parent and its children, and no process elsewhere", async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "tree-")));
  const elsewhere = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "ignore" });
  const child = spawn(process.execPath, ["-e", parent], { cwd: dir, stdio: "ignore" });
  try {
    await waitFor(async () => (await processesUnder(dir)).length === 2, {
      what: "parent and child",
      timeoutMs: 20_000,
    });
    const exited = once(child, "exit");
    await killTree(dir);
    assert.deepEqual(await exited, [null, "SIGKILL"]);
    assert.deepEqual(await processesUnder(dir), []);
    assert.equal(elsewhere.exitCode, null);
    assert.equal(elsewhere.signalCode, null);
  } finally {
    elsewhere.kill("SIGKILL");
    await killTree(dir);
    await rm(dir, { recursive: true });
  }
});

test("killing a tree's programs of some names leaves the others", async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "tree-")));
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { cwd: dir, stdio: "ignore" });
  try {
    const runs = async () => (await processesUnder(dir, ["node"])).length === 1;
    await waitFor(runs, { what: "the child", timeoutMs: 20_000 });
    await killTree(dir, { only: ["initdb"] });
    assert.deepEqual(await processesUnder(dir), [child.pid]);
    await killTree(dir, { only: ["node", "initdb"] });
    assert.deepEqual(await processesUnder(dir), []);
  } finally {
    await killTree(dir);
    await rm(dir, { recursive: true });
  }
});
