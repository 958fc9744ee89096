/**
 * Requests to cancel a statement, through the endpoint: they end what runs, and never a commit's wait for the standby
 * (S9, F34). Durability is strict, so that a frozen standby keeps commits waiting.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { freezeHost } from "../chaos/faults.ts";
import { startBalancer } from "../kit/balancer.ts";
import { password, type TestNode } from "../kit/node.ts";
import { startInstance } from "../kit/nodes.ts";
import { openSession, type Session } from "../kit/session.ts";
import { asSuperuser } from "../kit/superuser.ts";

await using parts = new AsyncDisposableStack();
const instance = parts.use(await startInstance(2, { durability: "strict" }));
const balancer = parts.use(await startBalancer(instance));
const ending = parts.move();
after(() => ending.disposeAsync());
const [leader, standby] = instance.nodes;
assert.ok(leader && standby);
const endpoint = { host: balancer.address, port: balancer.port, user: "owner", database: "rdb" };
const sslRequest = Buffer.from("0000000804d2162f", "hex");
const watch = async (pid: number): Promise<{ wait_event: string | null; ran_ms: number } | undefined> => {
  await using client = await leader.client();
  const ranMs = "extract(epoch from clock_timestamp() - query_start)::float8 * 1000 as ran_ms";
  const query = `select wait_event, ${ranMs} from pg_stat_activity where pid = $1`;
  return (await client.query(query, [pid])).rows[0];
};

before(async () => {
  for (const node of instance.nodes) node.start();
  await instance.served({ by: leader.id, isSync: true });
  const connects = () =>
    session().then(
      (one) => one[Symbol.asyncDispose]().then(() => true),
      () => undefined,
    );
  await waitFor(connects, { what: "the endpoint", timeoutMs: 20_000 });
  await using client = await session();
  await client.query("create table kept (what text)");
});

test("a long statement is cancelled at once", async () => {
  const psql = await startPsql("select pg_sleep(60)");
  await untilWaits(psql.pid, "PgSleep");
  const startedMs = performance.now();
  psql.interrupt();
  const { code, stderr } = await psql.ended;
  assert.match(stderr, /canceling statement due to user request/);
  assert.notEqual(code, 0);
  assert.ok(performance.now() - startedMs < 2_000);
});

test("F34: a commit goes on waiting for a frozen standby however often it is cancelled", async () => {
  await using thaw = await freezeHost(standby);
  const psql = await startPsql("insert into kept values ('interrupted')");
  await untilWaits(psql.pid, "SyncRep");
  for (let presses = 1; presses <= 3; presses += 1) {
    psql.interrupt();
    await untilNotCancelled(leader, psql.pid, presses);
    assert.equal((await watch(psql.pid))?.wait_event, "SyncRep");
  }
  assert.equal(psql.hasEnded(), false);
  await thaw();
  const { stderr } = await psql.ended;
  assert.equal(stderr.replaceAll("Cancel request sent\n", ""), "");
  await using client = await session();
  assert.equal((await client.query("select what from kept")).rowCount, 1);
});

test("statement_timeout does not end the wait; a terminated session reports no success", async () => {
  await using thaw = await freezeHost(standby);
  await using client = await session();
  const timeoutMs = 300;
  await client.query(`set statement_timeout = ${timeoutMs}`);
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const pid = rows[0]?.pid ?? 0;
  const outcome = client.query("insert into kept values ('terminated')").then(
    () => "success",
    () => "error",
  );
  await untilWaits(pid, "SyncRep");
  const isPast = async () => ((await watch(pid))?.ran_ms ?? 0) > 2 * timeoutMs;
  await waitFor(isPast, { what: "a statement past its timeout", timeoutMs: 5_000 });
  assert.equal((await watch(pid))?.wait_event, "SyncRep");
  await using other = await leader.client();
  await other.query("select pg_terminate_backend($1)", [pid]);
  assert.equal(await outcome, "error");
  await thaw();
  await instance.served({ by: leader.id, isSync: true });
});

test("F34: a commit whose wait SQL cancelled is told, and no standby without it takes over", async () => {
  await using thaw = await freezeHost(standby);
  const psql = await startPsql("insert into kept values ('cancelled by SQL')");
  await untilWaits(psql.pid, "SyncRep");
  await using other = await leader.client();
  await other.query("select pg_cancel_backend($1)", [psql.pid]);
  const { code, stderr } = await psql.ended;
  assert.equal(code, 0);
  assert.match(stderr, /WARNING: {2}canceling wait for synchronous replication/);
  await waitFor(async () => (await instance.sync())?.mode === "async", {
    what: "a sync record that names no standby",
    timeoutMs: 1_000,
    everyMs: 5,
  });
  await leader.kill();
  await thaw();
  const refuses = async () =>
    /may lack acknowledged commits/.test((await instance.status(standby.id))?.reason ?? "");
  await waitFor(refuses, {
    what: "a standby that does not take over",
    timeoutMs: 15_000,
  });
  leader.start();
  await instance.served({ by: leader.id, isSync: true });
  const count = "\\c rdb\nselect count(*) from kept where what = 'cancelled by SQL'";
  assert.equal(await asSuperuser(standby, count), "1");
  const event = await instance.told(({ action }) => action === "wait-cancelled");
  assert.equal(event.source, leader.id);
  assert.deepEqual(event.inputs, { pid: psql.pid, user: "owner", database: "rdb" });
});

test("the beginning of a request is refused when no more comes, so that none gets past the gate in pieces", async () => {
  const beginning = Buffer.from("0000001004d216", "hex");
  const half = connect(balancer.port, balancer.address, () => half.write(beginning));
  half.on("error", () => {});
  half.resume();
  const startedMs = performance.now();
  await new Promise((resolve) => half.once("close", resolve));
  assert.ok(performance.now() - startedMs < 8_000);
});

test("looking for requests delays no other connection", async () => {
  const direct = await medianMs(leader.address, 5432);
  const through = await medianMs(balancer.address, balancer.port);
  assert.ok(through < direct + 20, `${through} ms through the endpoint, ${direct} ms without it`);
});

function session(): Promise<Session> {
  return openSession({ ...endpoint, password, ssl: { rejectUnauthorized: false } });
}

/** psql through the endpoint, and its session's process at the server. */
async function startPsql(statement: string) {
  const conninfo = `host=${endpoint.host} port=${endpoint.port} user=owner dbname=rdb sslmode=require`;
  const commands = ["-c", "select pg_backend_pid()", "-c", statement];
  const child = spawn("psql", [conninfo, "-XqAt", ...commands], {
    env: { ...process.env, PGPASSWORD: password },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, stderr }));
  });
  const pid = await waitFor(() => (stdout.includes("\n") ? Number.parseInt(stdout, 10) : undefined), {
    what: "psql's session",
    timeoutMs: 10_000,
  });
  return { pid, ended, interrupt: () => child.kill("SIGINT"), hasEnded: () => child.exitCode !== null };
}

async function untilWaits(pid: number, event: string): Promise<void> {
  const isThere = async () => (await watch(pid))?.wait_event === event;
  await waitFor(isThere, { what: `a session in ${event}`, timeoutMs: 5_000 });
}

/** By the gate's own word: it gives a request up after a second, and does nothing for it any more. */
async function untilNotCancelled({ logFile }: TestNode, pid: number, times: number): Promise<void> {
  const look = async () => {
    const lines = (await readFile(logFile, "utf8")).split("\n");
    const isSaid = (line: string) => line.includes(`"pid":${pid},`) && line.includes("was not cancelled");
    return lines.filter(isSaid).length >= times;
  };
  await waitFor(look, { what: "a request that was given up", timeoutMs: 10_000 });
}

/** From connecting to the server's first answer. */
async function medianMs(host: string, port: number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 31; count += 1) {
    const startedMs = performance.now();
    const socket = connect(port, host, () => socket.write(sslRequest));
    await new Promise((resolve, reject) => {
      socket.once("data", resolve);
      socket.once("error", reject);
    });
    times.push(performance.now() - startedMs);
    socket.destroy();
  }
  return times.toSorted((one, other) => one - other)[15] ?? Number.NaN;
}
