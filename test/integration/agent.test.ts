import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startInstance } from "../kit/nodes.ts";

const instance = await startInstance(2);
after(() => instance[Symbol.asyncDispose]());
const [first, second] = instance.nodes;
assert.ok(first && second);

test("the first node initialises, opens and serves; the second clones and becomes synchronous", async () => {
  for (const node of instance.nodes) node.start();
  await instance.served({ by: first.id, isSync: true });
  await using client = await first.client();
  await client.query("create table kept (id int primary key)");
  await client.query("insert into kept values (1)");
});

test("the first user makes roles and databases, and gets no hold of the server", async () => {
  await using client = await first.client();
  for (const role of ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"]) {
    await assert.rejects(client.query(`grant ${role} to current_user`), { code: "42501" }, role);
  }
  await assert.rejects(client.query("copy (select 1) to program 'true'"), { code: "42501" });
  await client.query("create role helper");
  await client.query("drop role helper");
  await client.query("create database other");
});

test("the server's log tells of what failed, and of no statement", async () => {
  await using client = await first.client();
  await assert.rejects(client.query("alter role nobody password 'Hidden-1!'"), { code: "42704" });
  const log = await readFile(join(first.dir, "log/postgresql.log"), "utf8");
  assert.match(log, /role "nobody" does not exist/);
  assert.doesNotMatch(log, /Hidden-1!/);
});

test("F1: a killed postmaster costs no row: the sync standby takes over, the old primary comes back", async () => {
  process.kill(await first.pid("postmaster"), "SIGKILL");
  const leader = await instance.served({ notBy: first.id });
  assert.deepEqual(await rows(leader.id), [1]);
  await instance.served({ by: second.id, isSync: true });
});

test("F14: a power cut under writes loses no acknowledged row", async () => {
  const acknowledged = [1];
  await using client = await second.client();
  const writing = (async () => {
    for (let id = 2; ; id++) {
      await client.query("insert into kept values ($1)", [id]);
      acknowledged.push(id);
    }
  })().catch(() => {});
  await waitFor(() => acknowledged.length > 100, { what: "100 rows", timeoutMs: 20_000 });
  await second.kill();
  await writing;
  await instance.served({ by: first.id });
  const found = new Set(await rows(first.id));
  assert.deepEqual(
    acknowledged.filter((id) => !found.has(id)),
    [],
  );
  second.start();
  await instance.served({ by: first.id, isSync: true });
});

test("a switchover hands over to the standby and leaves nothing to rewind", async () => {
  const before = await rows(first.id);
  await instance.ask({ kind: "switchover", target: second.id, acceptLoss: false });
  await instance.served({ by: second.id, isSync: true });
  assert.deepEqual(await rows(second.id), before);
});

test("both nodes stop in place and come back with the same leader", async () => {
  for (const node of instance.nodes) process.kill(await node.pid("supervisor"), "SIGUSR2");
  await waitFor(async () => (await Promise.all(instance.nodes.map(isDown))).every(Boolean), {
    what: "end of both supervisors",
    timeoutMs: 30_000,
  });
  assert.equal((await instance.lock())?.phase, "stopped");
  for (const node of instance.nodes) node.start();
  await instance.served({ by: second.id, isSync: true });
  assert.ok((await rows(second.id)).includes(1));
});

async function rows(nodeId: string): Promise<number[]> {
  await using client = await instance.node(nodeId).client();
  const result = await client.query<{ id: number }>("select id from kept order by id");
  return result.rows.map(({ id }) => id);
}

async function isDown(node: { pid(of: "supervisor"): Promise<number> }): Promise<boolean> {
  return node.pid("supervisor").then(
    () => false,
    () => true,
  );
}
