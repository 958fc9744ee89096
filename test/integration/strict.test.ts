/** durability "strict": nothing is acknowledged that only one node has, and no hands are needed afterwards. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startInstance } from "../kit/nodes.ts";
import { asSuperuser } from "../kit/superuser.ts";

const waiting = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";

const instance = await startInstance(2, { durability: "strict" });
after(() => instance[Symbol.asyncDispose]());
const [first, second] = instance.nodes;
assert.ok(first && second);

before(async () => {
  first.start();
  await waitFor(async () => (await instance.lock())?.phase === "opening", {
    what: "a leader that waits for its standby",
    timeoutMs: 30_000,
  });
  await assert.rejects(first.client(), "the door is open without a standby");
  second.start();
  await instance.served({ by: first.id, isSync: true });
});

test("F17, F32: a write waits for a lost standby, and is acknowledged when it is back", async () => {
  await using client = await first.client();
  await client.query("create table kept (id int primary key)");
  await second.kill();
  let isAcknowledged = false;
  const write = client.query("insert into kept values (1)").then(() => {
    isAcknowledged = true;
  });
  await waitFor(async () => (await reasonOf(first.id)).startsWith("commits wait"), {
    what: "the leader's word that commits wait",
    timeoutMs: 10_000,
  });
  assert.equal(isAcknowledged, false);
  assert.equal((await instance.sync())?.mode, "sync");
  second.start();
  await write;
});

test("F14: a failover opens when the old primary is back as the standby", async () => {
  await first.kill();
  await waitFor(async () => (await instance.lock())?.phase === "opening", {
    what: "the new leader behind its shut door",
    timeoutMs: 20_000,
  });
  await assert.rejects(second.client(), "the door is open without a standby");
  first.start();
  await instance.served({ by: second.id, isSync: true });
  await using client = await second.client();
  assert.deepEqual((await client.query("select id from kept")).rows, [{ id: 1 }]);
});

test("F35: what waited for the standby when PostgreSQL crashed is not seen before the standby has it", async () => {
  await first.kill();
  const client = await second.client();
  const write = assert.rejects(client.query("insert into kept values (2)"), "acknowledged without a standby");
  await waitFor(async () => (await asSuperuser(second, waiting)) === "1", {
    what: "a commit that waits",
    timeoutMs: 10_000,
  });
  process.kill(await second.pid("postmaster"), "SIGKILL");
  await write;
  await waitFor(async () => /^closed until/.test(await reasonOf(second.id)), {
    what: "a start behind a shut door",
    timeoutMs: 20_000,
  });
  await assert.rejects(second.client(), "the door is open without a standby");
  first.start();
  const look = () => second.client().catch(() => undefined);
  await using later = await waitFor(look, { what: "an open door", timeoutMs: 30_000 });
  assert.deepEqual((await later.query("select id from kept order by id")).rows, [{ id: 1 }, { id: 2 }]);
  assert.equal(await asSuperuser(first, "\\c rdb\nselect count(*) from kept"), "2");
});

async function reasonOf(nodeId: string): Promise<string> {
  return (await instance.status(nodeId))?.reason ?? "";
}
