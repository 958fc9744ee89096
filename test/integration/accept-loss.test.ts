/** S16: an operator makes a node lead that lacks acknowledged commits, when the one that has them is gone. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startInstance } from "../kit/nodes.ts";

const instance = await startInstance(2);
after(() => instance[Symbol.asyncDispose]());
const [first, second] = instance.nodes;
assert.ok(first && second);

before(async () => {
  for (const node of instance.nodes) node.start();
  await instance.served({ by: first.id, isSync: true });
  await write(first.id, "create table kept (id int primary key)", "insert into kept values (1)");
});

test("F33: nobody leads without the commits of a primary that was alone, until an operator accepts their loss", async () => {
  await second.kill();
  await instance.served({ by: first.id, isSync: false });
  await write(first.id, "insert into kept select generate_series(2, 1000)");
  await first.kill();
  second.start();
  await untilSays(second.id, /may lack acknowledged commits/);
  assert.equal((await instance.lock())?.holder, first.id);
  await instance.ask({ kind: "failover", target: second.id, acceptLoss: true });
  await instance.served({ by: second.id });
  assert.deepEqual(await rows(second.id), [1]);
  const claim = await instance.told(({ action, source }) => action === "claim" && source === second.id);
  assert.match(claim.reason, /an operator accepts losses/);
  await untilRequestIsGone();
});

test("F29: the old primary is cloned from it, and tells what that discards", async () => {
  await write(second.id, "insert into kept values (5000)");
  first.start();
  await instance.served({ by: second.id, isSync: true });
  const { action, inputs } = await instance.told(({ kind }) => kind === "rewind");
  assert.equal(action, "clone");
  assert.ok(Number(inputs.bytes) > 0, JSON.stringify(inputs));
  assert.ok(Number(inputs.transactions) >= 1, JSON.stringify(inputs));
  await second.kill();
  await instance.served({ by: first.id });
  assert.deepEqual(await rows(first.id), [1, 5000]);
});

test("a request that nobody carries out ends with its term", async () => {
  await first.kill();
  await instance.ask({ kind: "failover", target: second.id, acceptLoss: true });
  const term = (await instance.lock())?.term ?? 0;
  first.start();
  await instance.served({ by: first.id });
  await untilRequestIsGone();
  const dropped = await instance.told((event) => event.action === "drop-request" && event.term > term);
  assert.equal(dropped.reason, `it was asked for in term ${term}`);
  second.start();
  await instance.served({ by: first.id, isSync: true });
});

test("F33: so does a former primary that follows nobody yet, where it ended", async () => {
  await first.kill();
  await instance.served({ by: second.id, isSync: false });
  await write(second.id, "insert into kept values (6000)");
  await second.kill();
  first.start();
  await untilSays(first.id, /may lack acknowledged commits/);
  await instance.ask({ kind: "failover", target: first.id, acceptLoss: true });
  await instance.served({ by: first.id });
  assert.ok(!(await rows(first.id)).includes(6000));
  second.start();
  await instance.served({ by: first.id, isSync: true });
});

async function write(nodeId: string, ...statements: string[]): Promise<void> {
  await using client = await instance.node(nodeId).client();
  for (const statement of statements) await client.query(statement);
}

async function rows(nodeId: string): Promise<number[]> {
  await using client = await instance.node(nodeId).client();
  const result = await client.query<{ id: number }>("select id from kept order by id");
  return result.rows.map(({ id }) => id);
}

async function untilSays(nodeId: string, reason: RegExp): Promise<void> {
  const look = async () => reason.test((await instance.status(nodeId))?.reason ?? "");
  await waitFor(look, { what: `${nodeId} saying ${reason}`, timeoutMs: 20_000 });
}

async function untilRequestIsGone(): Promise<void> {
  const limits = { timeoutMs: 2_000, signal: new AbortController().signal };
  const look = async () => ((await instance.store.get(instance.keys.switchover, limits)) ? undefined : true);
  await waitFor(look, { what: "the end of the request", timeoutMs: 10_000 });
}
