import assert from "node:assert/strict";
import { test } from "node:test";
import { RunError, run } from "./run.ts";

const node = process.execPath;

test("a program's output and input are passed through", async () => {
  const echo = await run(node, ["-e", "process.stdin.pipe(process.stdout)"], {
    input: "hello",
    timeoutMs: 20_000,
  });
  assert.deepEqual(echo, { code: 0, stdout: "hello", stderr: "" });
});

test("a failing program rejects with its code and its last words", async () => {
  const failing = run(node, ["-e", "console.error('no disk'); process.exit(3)"], { timeoutMs: 20_000 });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof RunError);
    assert.deepEqual(error.fault, { code: "failed", command: node, exitCode: 3, stderr: "no disk\n" });
    return true;
  });
});

test("an exit code that is no failure is given back", async () => {
  const result = await run(node, ["-e", "process.exit(4)"], { timeoutMs: 20_000, okCodes: [0, 4] });
  assert.equal(result.code, 4);
});

test("a program that takes too long is killed", async () => {
  const slow = run(node, ["-e", "setTimeout(() => {}, 60_000)"], { timeoutMs: 50 });
  await assert.rejects(slow, (error) => error instanceof RunError && error.fault.code === "timeout");
});

test("a program that takes too long is killed with those it started", { timeout: 20_000 }, async () => {
  const slow = run("sh", ["-c", "sleep 60 & wait"], { timeoutMs: 500 });
  await assert.rejects(slow, (error) => error instanceof RunError && error.fault.code === "timeout");
});

test("what a program started ends with it when somebody kills it", { timeout: 20_000 }, async () => {
  const killed = run("sh", ["-c", "sleep 60 & kill -KILL $$"], { timeoutMs: 60_000 });
  await assert.rejects(killed, (error) => {
    assert.ok(error instanceof RunError);
    assert.deepEqual(error.fault, { code: "failed", command: "sh", exitCode: null, stderr: "" });
    return true;
  });
});

test("an aborted program is killed", async () => {
  const stopped = run(node, ["-e", "setTimeout(() => {}, 60_000)"], {
    timeoutMs: 60_000,
    signal: AbortSignal.abort(),
  });
  await assert.rejects(stopped, (error) => error instanceof RunError && error.fault.code === "stopped");
});

test("a program that is not there is named", async () => {
  const missing = run("/nowhere/postgres", [], { timeoutMs: 1_000 });
  await assert.rejects(missing, (error) => error instanceof RunError && error.fault.code === "not-started");
});
