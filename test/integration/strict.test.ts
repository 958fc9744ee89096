/** durability "strict": nothing is acknowledged that only one node has, and no hands are needed afterwards. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startInstance } from "../kit/nodes.ts";

const instance = await startInstance(2, { durability: "strict" });
after(() => instance[Symbol.asyncDispose]());
const [first, second] = instance.nodes;
assert.ok(first && second);

before(async () => {
  first.start();
  await waitFor(async () => ((await instance.lock())?.phase === "opening" ? true : undefined), {
    what: "a leader that waits for its standby",
    timeoutMs: 30_000,
  });
  await assert.rejects(first.client(), "the door is open without a standby");
  second.start();
  await instance.served({ by: first.id, isSync: true });
});

test("a write waits for a lost standby, and is acknowledged when it is back", async () => {
  await using client = await first.client();
  await client.query("create table kept (id int primary key)");
  await second.kill();
  let isAcknowledged = false;
  const write = client.query("insert into kept values (1)").then(() => {
    isAcknowledged = true;
  });
  await waitFor(async () => ((await reasonOf(first.id)).startsWith("commits wait") ? true : undefined), {
    what: "the leader's word that commits wait",
    timeoutMs: 10_000,
  });
  assert.equal(isAcknowledged, false);
  assert.equal((await instance.sync())?.mode, "sync");
  second.start();
  await write;
});

test("a failover opens when the old primary is back as the standby", async () => {
  await first.kill();
  await waitFor(async () => ((await instance.lock())?.phase === "opening" ? true : undefined), {
    what: "the new leader behind its shut door",
    timeoutMs: 20_000,
  });
  await assert.rejects(second.client(), "the door is open without a standby");
  first.start();
  await instance.served({ by: second.id, isSync: true });
  await using client = await second.client();
  assert.deepEqual((await client.query("select id from kept")).rows, [{ id: 1 }]);
});

async function reasonOf(nodeId: string): Promise<string> {
  return (await instance.status(nodeId))?.reason ?? "";
}
