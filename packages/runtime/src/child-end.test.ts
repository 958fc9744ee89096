import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { endOf } from "./child-end.ts";

test("a child ends with its code, with its signal, or never begins", async () => {
  const stdio = "ignore" as const;
  const failing = spawn(process.execPath, ["-e", "process.exit(3)"], { stdio });
  assert.deepEqual(await endOf(failing), { code: 3, signal: null });
  const killed = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio });
  const end = endOf(killed);
  killed.kill("SIGKILL");
  assert.deepEqual(await end, { code: null, signal: "SIGKILL" });
  const { error, ...never } = await endOf(spawn("/nowhere/program", { stdio }));
  assert.deepEqual(never, { code: null, signal: null });
  assert.match(String(error), /ENOENT/);
});
