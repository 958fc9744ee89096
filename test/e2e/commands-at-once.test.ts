/** Commands that meet on one directory, and a first `up` that was interrupted. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { layoutOf } from "../../apps/cli/src/platform/layout.ts";
import { endpointOf, newPlatform } from "../kit/platform.ts";
import { openSession } from "../kit/session.ts";

const cli = join(import.meta.dirname, "../../apps/cli/src/main.ts");
const platform = await newPlatform();
after(() => platform[Symbol.asyncDispose]());

test("a first `up` that is ended while it makes its database hinders no other", async () => {
  const first = platform.command("up", "--detach", "--no-demo", "--listen", platform.listen);
  const isMaking = () => globSync(join(platform.dir, "database/data*/PG_VERSION")).length > 0;
  await waitFor(isMaking, { what: "initdb", timeoutMs: 20_000, everyMs: 1 });
  await Promise.all([assert.rejects(first, /did not come up/), platform.command("down")]);
});

test("two `up` at once start one platform, and both show it", async () => {
  const up = () => platform.command("up", "--detach", "--no-demo", "--listen", platform.listen);
  const [first, second] = await Promise.all([up(), up()]);
  assert.equal(first, second);
  assert.deepEqual(await starts(), ["balancer", "control-plane", "database", "etcd-1"]);
});

test("an `up` that meets a `down` waits for its end", async () => {
  const going = platform.command("down");
  await waitFor(isLocked, { what: "`down`'s turn", timeoutMs: 20_000, everyMs: 5 });
  await Promise.all([going, platform.command("up", "--detach")]);
  assert.deepEqual(await (await platform.sdk()).listInstances(), { instances: [], totalCount: 0 });
  await platform.command("down", "--purge");
  await assert.rejects(stat(platform.dir), { code: "ENOENT" });
});

test("a first `up` that is interrupted has shown the password, and the next makes no second demo", async () => {
  await using interrupted = await newPlatform();
  const args = [cli, "up", "--detach", "--listen", interrupted.listen, "--dir", interrupted.dir];
  const up = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  up.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const isMaking = () => said.includes("provisioning") || undefined;
  await waitFor(isMaking, { what: "demo", timeoutMs: 30_000 });
  up.kill("SIGKILL");
  const password = /shown only now: (\S+)/.exec(said)?.[1] ?? "";
  await interrupted.command("down");
  await interrupted.command("up", "--detach");
  const [demo, ...others] = (await (await interrupted.sdk()).listInstances()).instances;
  assert.ok(demo);
  assert.deepEqual([demo.name, demo.status, others], ["demo", "ready", []]);
  await using session = await openSession({
    ...endpointOf(demo),
    ...{ user: "demo", password, database: "rdb", connectionTimeoutMillis: 5_000, query_timeout: 5_000 },
  });
  assert.deepEqual((await session.query("select 1 as one")).rows, [{ one: 1 }]);
});

/** Linux lists abstract sockets with an "@" for their zero byte. */
async function isLocked(): Promise<boolean> {
  const { lockName } = layoutOf(platform.dir);
  return (await readFile("/proc/net/unix", "utf8")).includes(lockName.replace("\0", "@"));
}

async function starts(): Promise<string[]> {
  const lines = (await readFile(join(platform.dir, "log/platform.log"), "utf8")).split("\n");
  const entries = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return entries
    .filter(({ msg }) => msg === "starting")
    .map(({ child }) => String(child))
    .toSorted();
}
