/** Changes of leader that meet something else: what must come of them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { asSuperuser } from "../kit/superuser.ts";
import { freezeHost, freezeProcesses, killHost, killProcess } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance } = pair;

async function termAfter(term: number): Promise<number> {
  const look = async () => {
    const now = await pair.term();
    return now > term ? now : undefined;
  };
  return waitFor(look, { what: `a term after ${term}`, timeoutMs: 20_000 });
}

for (const [title, backend, signal] of [
  ["F2: a client's backend that crashes", "client backend", "SIGSEGV"],
  // What a failed fsync does: PostgreSQL panics, and aborts the process.
  ["F8: a checkpointer that panics", "checkpointer", "SIGABRT"],
] as const) {
  test(`${title} ends the whole PostgreSQL, and the standby takes over`, async () => {
    const { primary, standby } = await pair.target();
    const find = `select pid from pg_stat_activity where backend_type = '${backend}' and pid <> pg_backend_pid() limit 1`;
    process.kill(Number(await asSuperuser(primary, find)), signal);
    await instance.served({ by: standby.id });
    await pair.endsHealthy();
  });
}

test("F32: a standby that stands still is left behind within seconds, and counts again when it goes on", async () => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await using thaw = await freezeHost(standby);
  await instance.served({ by: primary.id, isSync: false });
  await thaw();
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});

test("F39: a standby whose replay is paused takes nothing over, and counts again when it goes on", async () => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await asSuperuser(standby, "select pg_wal_replay_pause()");
  await instance.served({ by: primary.id, isSync: false });
  assert.equal((await instance.status(standby.id))?.impediment, "its replay is paused");
  await asSuperuser(standby, "select pg_wal_replay_resume()");
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});

test("F46: both hosts lose their power, and come back with everything", async () => {
  const { primary, standby } = await pair.target();
  const cures = await Promise.all([killHost(primary), killHost(standby)]);
  for (const cure of cures) await cure();
  await pair.endsHealthy();
});

test("F47: a target that dies while it is handed the lead leaves a leader behind", async () => {
  await instance.forgetTakeovers();
  const { primary, standby } = await pair.target();
  // Its PostgreSQL receives everything, and nobody there can claim what is released.
  await using _thaw = await freezeProcesses(standby, ["agent"]);
  await instance.ask({ kind: "switchover", target: standby.id, acceptLoss: false });
  const isReleased = async () => (await instance.lock())?.phase === "released";
  await waitFor(isReleased, { what: "the old leader's release", timeoutMs: 20_000, everyMs: 5 });
  await using cure = await killHost(standby);
  await instance.served({ by: primary.id });
  await cure();
  await pair.endsHealthy();
});

test("F48: a PostgreSQL that dies again and again is replaced three times, then started in place", async () => {
  await instance.forgetTakeovers();
  for (let death = 1; death <= 3; death++) {
    const term = await pair.term();
    await killProcess((await pair.target()).primary, "postmaster");
    assert.equal(await termAfter(term), term + 1);
    await pair.healthy();
  }
  const { primary } = await pair.target();
  const before = await primary.pid("postmaster");
  await killProcess(primary, "postmaster");
  const look = async () => (await primary.pid("postmaster").catch(() => before)) !== before;
  await waitFor(look, { what: "a start in place", timeoutMs: 20_000 });
  await pair.endsHealthy();
  assert.equal((await pair.target()).primary, primary);
  await instance.forgetTakeovers();
});

test("F50: a store that was set back to an older term is not obeyed, until an operator looks", async () => {
  const { primary, standby } = await pair.target();
  await using cures = new AsyncDisposableStack();
  for (const cure of await Promise.all([killHost(primary), killHost(standby)])) cures.use(cure);
  const lock = await instance.lock();
  assert.ok(lock);
  await putLock({ ...lock, term: lock.term - 1 });
  await cures.disposeAsync();
  for (const { id } of instance.nodes) {
    const look = async () => /is older than/.test((await instance.status(id))?.reason ?? "");
    await waitFor(look, { what: `${id}'s refusal`, timeoutMs: 20_000 });
  }
  assert.deepEqual(await instance.lock(), { ...lock, term: lock.term - 1 });
  await putLock(lock);
  await pair.endsHealthy();
});

async function putLock(lock: LockRecord): Promise<void> {
  const limits = { timeoutMs: 3_000, signal: new AbortController().signal };
  await instance.store.transact([], [{ put: instance.keys.lock, value: formatRecord(lock) }], limits);
}
