/** What nodes tell of a failover, in a real store. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventKeys } from "@mainstay/dcs/keys.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { isAlive } from "../kit/is-alive.ts";
import { startInstance } from "../kit/nodes.ts";

const instance = await startInstance(2);
after(() => instance[Symbol.asyncDispose]());
const [first, second] = instance.nodes;
assert.ok(first && second);

test("a killed postmaster is told, and every step of the failover after it, with times and reasons", async () => {
  for (const node of instance.nodes) node.start();
  await instance.served({ by: first.id, isSync: true });
  const killedAt = new Date().toISOString();
  process.kill(await first.pid("postmaster"), "SIGKILL");
  await instance.served({ by: second.id, isSync: true });
  const ended = await instance.told(({ source, action }) => source === first.id && action === "ended");
  assert.deepEqual([ended.inputs.signal, ended.kind, ended.term], ["SIGKILL", "postgres", 1]);
  const released = await instance.told(
    ({ at, source, action }) => at > killedAt && action === "set-phase" && source === first.id,
  );
  assert.equal(released.reason, "PostgreSQL ended; the sync standby takes over");
  const claim = await instance.told(({ action, term }) => action === "claim" && term === 2);
  assert.deepEqual(
    [claim.source, claim.inputs.lockPhase, claim.inputs.syncMode, claim.inputs.syncMembers],
    [second.id, "released", "sync", second.id],
  );
  for (const action of ["claim", "detach", "promote", "open-access"]) {
    const { tookMs = -1, source } = await instance.told((one) => one.action === action && one.term === 2);
    assert.ok(tookMs >= 0 && tookMs < 10_000, `${action} took ${tookMs}`);
    assert.equal(source, second.id);
  }
});

test("F26: what a primary wrote that nobody else has is told before it is taken away", async () => {
  const sessions = await Promise.all([1, 2, 3, 4].map(() => second.client()));
  const [observer, ...writers] = sessions;
  await observer?.query("create table lost (id int)");
  // An agent that stands still does not go on without its standby.
  process.kill((await instance.status(second.id))?.pids.agent ?? 0, "SIGSTOP");
  const postmaster = await first.pid("postmaster");
  await first.kill();
  // Nobody acknowledges these, so nobody is told that they are there.
  const outcomes = Promise.allSettled(writers.map((writer) => writer.query("insert into lost values (1)")));
  const waiting = "select count(*)::int as n from pg_stat_activity where wait_event = 'SyncRep'";
  const areWaiting = async () => (await observer?.query(waiting))?.rows[0]?.n >= 3;
  await waitFor(areWaiting, { what: "waiting commits", timeoutMs: 1_500, everyMs: 5 });
  await second.kill();
  assert.deepEqual(new Set((await outcomes).map(({ status }) => status)), new Set(["rejected"]));
  // PostgreSQL takes a process that nobody has reaped for one that runs.
  await waitFor(() => !isAlive(postmaster), { what: "its end", timeoutMs: 10_000 });
  first.start();
  await instance.served({ by: first.id });
  await instance.served({ by: first.id });
  second.start();
  await instance.served({ by: first.id, isSync: true });
  const diverged = await instance.told(
    ({ source, kind, term }) => kind === "rewind" && source === second.id && term > 2,
  );
  assert.equal(diverged.inputs.newLeader, first.id);
  assert.equal(diverged.inputs.transactions, 3);
  assert.ok(Number(diverged.inputs.bytes) > 100, JSON.stringify(diverged.inputs));
});

test("a node of an instance that was deleted brings no event back", async () => {
  const { prefix } = eventKeys(instance.id);
  const writes = [{ deletePrefix: instance.keys.prefix }, { deletePrefix: prefix }];
  const options = { timeoutMs: 3_000, signal: AbortSignal.timeout(3_000) };
  await instance.store.transact([], writes, options);
  await waitFor(async () => !(await isRunning()), { what: "the fence", timeoutMs: 10_000 });
  // Nothing tells that an event was dropped. What cannot be written is tried again after a second.
  for (const until = performance.now() + 1_200; performance.now() < until; await pause(50)) {
    assert.deepEqual(
      await instance.store.list(prefix, { ...options, signal: AbortSignal.timeout(3_000) }),
      [],
    );
  }
});

/** Without its lock a leader is fenced, and that would be an event. */
async function isRunning(): Promise<boolean> {
  const pid = await first?.pid("postmaster").catch(() => undefined);
  return pid !== undefined && isAlive(pid);
}
