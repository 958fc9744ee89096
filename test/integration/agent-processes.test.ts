/** What happens to a leader when one of its processes dies or stands still. */
import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { createSuspensionWatch } from "@mainstay/runtime/suspension.ts";
import { isAlive } from "../kit/is-alive.ts";
import { startInstance } from "../kit/nodes.ts";

const instance = await startInstance(2);
after(() => instance[Symbol.asyncDispose]());
const [first, standby] = instance.nodes;
assert.ok(first && standby);
const leader = first;
before(async () => {
  for (const node of instance.nodes) node.start();
  assert.equal(await instance.served({ isSync: true }), leader);
});

test("a fencer that dies is replaced; PostgreSQL goes on", async () => {
  const [fencer, postmaster] = [await pidOf("fencer"), await leader.pid("postmaster")];
  process.kill(fencer, "SIGKILL");
  await waitFor(async () => (await pidOf("fencer")) !== fencer, {
    what: "another fencer",
    timeoutMs: 10_000,
  });
  assert.equal(await leader.pid("postmaster"), postmaster);
});

test("a fencer that stands still is replaced before the lease ends; PostgreSQL and the term go on", async () => {
  const [fencer, postmaster] = [await pidOf("fencer"), await leader.pid("postmaster")];
  const term = (await instance.lock())?.term;
  process.kill(fencer, "SIGSTOP");
  await waitFor(() => (isAlive(fencer) ? undefined : true), { what: "its end", timeoutMs: 5_000 });
  await waitFor(async () => (await pidOf("fencer")) !== fencer, {
    what: "another fencer",
    timeoutMs: 10_000,
  });
  await pause(timingPresets.fast.takeMs);
  assert.equal((await instance.lock())?.term, term);
  assert.equal(await leader.pid("postmaster"), postmaster);
  await using client = await leader.client();
  await client.query("select 1");
});

test("an agent that dies is replaced by its spare; PostgreSQL, the term and its sessions go on", async () => {
  await using client = await leader.client();
  const [before, postmaster] = [await instance.lock(), await leader.pid("postmaster")];
  const spare = await waitFor(() => leader.spare(), { what: "a spare", timeoutMs: 20_000 });
  process.kill(await pidOf("agent"), "SIGKILL");
  const isLeading = async () => (await pidOf("agent")) === spare;
  await waitFor(isLeading, { what: "the spare's word", timeoutMs: 10_000 });
  const seq = (await instance.lock())?.seq ?? 0;
  await waitFor(async () => ((await instance.lock())?.seq ?? 0) > seq + 5, {
    what: "renewals",
    timeoutMs: 10_000,
  });
  assert.equal((await instance.lock())?.term, before?.term);
  assert.equal(await leader.pid("postmaster"), postmaster);
  await client.query("select 1");
});

test("a supervisor keeps nothing open of the PostgreSQL that it started", async () => {
  const dir = `/proc/${await leader.pid("supervisor")}/fd`;
  const files = await Promise.all(
    (await readdir(dir)).map((fd) => readlink(join(dir, fd)).catch(() => "closed meanwhile")),
  );
  assert.deepEqual(
    files.filter((file) => file.endsWith("/postgresql.log")),
    [],
  );
});

test("a deadline that the machine slept on is not in force", async () => {
  const line = connect(join(standby.dir, "run", "fencer.sock"));
  const echoed = new Promise<string>((resolve) => line.once("data", (data) => resolve(data.toString())));
  const { offsetMs } = createSuspensionWatch();
  line.write(`1 ${offsetMs - 1_000}\n2\n3 ${offsetMs}\n`);
  assert.equal(await echoed, "3\n");
  line.destroy();
});

test("an agent that stands still is fenced before the standby may lead", async () => {
  const postmaster = await leader.pid("postmaster");
  process.kill(await pidOf("agent"), "SIGSTOP");
  const gone = waitFor(() => (isAlive(postmaster) ? undefined : performance.now()), {
    what: "the fence",
    timeoutMs: 10_000,
    everyMs: 5,
  });
  const claimed = waitFor(
    async () => ((await instance.lock())?.holder === standby.id ? performance.now() : undefined),
    { what: "the standby's claim", timeoutMs: 20_000, everyMs: 5 },
  );
  assert.ok((await gone) < (await claimed));
  await instance.served({ by: standby.id });
});

async function pidOf(process: "agent" | "fencer"): Promise<number> {
  return waitFor(async () => (await instance.status(leader.id))?.pids[process] ?? undefined, {
    what: `the pid of the ${process}`,
    timeoutMs: 10_000,
  });
}
