/** What may go wrong between a commit and its standby, and what must not delay a change of leader. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { asSuperuser } from "../kit/superuser.ts";
import { cureBy, freezeBalancer, freezeHost, freezePids, killHost } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance } = pair;

test("F5: a status query without an answer for 0.8 s costs no leadership", async () => {
  const { primary } = await pair.target();
  const term = await pair.term();
  const find =
    "select pid from pg_stat_activity where application_name = 'mainstay-agent' and state = 'idle'";
  const sessions = (await asSuperuser(primary, find)).split("\n").map(Number);
  assert.ok(sessions.length > 0 && sessions.every((pid) => pid > 1), `sessions ${sessions}`);
  await using thaw = freezePids(sessions);
  await pause(800);
  await thaw();
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});

test("F36: no standby is recorded while PostgreSQL may not let commits wait for it", async () => {
  const { primary, standby } = await pair.target();
  const checkpointer = "select pid from pg_stat_activity where backend_type = 'checkpointer'";
  await using back = await freezeHost(standby);
  const isAlone = async () => (await instance.sync())?.mode === "async";
  await waitFor(isAlone, { what: "an asynchronous primary", timeoutMs: 20_000 });
  // As in the middle of a checkpoint: it takes no reload.
  await using thaw = freezePids([Number(await asSuperuser(primary, checkpointer))]);
  await back();
  const proof = "select count(*) > 0 from pg_stat_activity where query = 'checkpoint' and state = 'active'";
  const isProving = async () => (await asSuperuser(primary, proof)) === "t";
  await waitFor(isProving, { what: "a proof that waits", timeoutMs: 20_000 });
  assert.ok(await isAlone());
  await thaw();
  await pair.endsHealthy();
});

test("F36: a commit that waited for a lost standby is acknowledged after the record says asynchronous", async () => {
  const { standby } = await pair.target();
  await using client = await pair.endpoint();
  await client.query("create table waited (id int primary key)");
  await using thaw = await freezeHost(standby);
  const sync = await client.query("insert into waited values (1)").then(() => instance.sync());
  assert.equal(sync?.mode, "async");
  await thaw();
  await pair.endsHealthy();
});

test("F37: a session that gave up waiting is acknowledged alone, and all others wait on", async () => {
  const { primary, standby } = await pair.target();
  await instance.specify({ durability: "strict" });
  await using relax = cureBy(() => instance.specify({ durability: "available" }));
  await using careless = await pair.endpoint();
  await careless.query("set synchronous_commit = local");
  const isWaiting = "select count(*) > 0 from pg_stat_activity where wait_event = 'SyncRep'";
  await using thaw = await freezeHost(standby);
  await waitFor(async () => (await asSuperuser(primary, isWaiting)) === "t", {
    what: "writers that wait",
    timeoutMs: 10_000,
  });
  const acknowledged = pair.clients.acknowledged();
  await careless.query("insert into waited values (2)");
  assert.equal(pair.clients.acknowledged(), acknowledged);
  assert.equal((await instance.sync())?.mode, "sync");
  await thaw();
  await pair.endsHealthy();
  await relax();
});

test("F42, F43: no archive and no logical slot can hold a shutdown up: there are none", async () => {
  const { primary } = await pair.target();
  const settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings";
  const those = "where name in ('archive_mode', 'wal_level', 'archive_library')";
  assert.match(
    await asSuperuser(primary, `${settings} ${those}`),
    /^archive_(library= archive_)?mode=off wal_level=replica$/,
  );
});

test("F49: a balancer that stands still holds no failover up, and follows when it goes on", async () => {
  const { primary, standby } = await pair.target();
  await using thaw = freezeBalancer(pair.balancer);
  await using cure = await killHost(primary);
  await instance.served({ by: standby.id });
  await thaw();
  await cure();
  await pair.endsHealthy();
});
