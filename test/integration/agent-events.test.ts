/** What nodes tell of a failover, in a real store. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventKeys } from "@mainstay/dcs/keys.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
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
  const ended = await told(({ source, action }) => source === first.id && action === "ended");
  assert.deepEqual([ended.inputs.signal, ended.kind, ended.term], ["SIGKILL", "postgres", 1]);
  const released = await told(
    ({ at, source, action }) => at > killedAt && action === "set-phase" && source === first.id,
  );
  assert.equal(released.reason, "PostgreSQL ended; the sync standby takes over");
  const claim = await told(({ action, term }) => action === "claim" && term === 2);
  assert.deepEqual(
    [claim.source, claim.inputs.lockPhase, claim.inputs.syncMode, claim.inputs.syncMembers],
    [second.id, "released", "sync", second.id],
  );
  for (const action of ["claim", "detach", "promote", "open-access"]) {
    const { tookMs = -1, source } = await told((one) => one.action === action && one.term === 2);
    assert.ok(tookMs >= 0 && tookMs < 10_000, `${action} took ${tookMs}`);
    assert.equal(source, second.id);
  }
});

test("a node of an instance that was deleted brings no event back", async () => {
  const { prefix } = eventKeys(instance.id);
  const writes = [{ deletePrefix: instance.keys.prefix }, { deletePrefix: prefix }];
  const options = { timeoutMs: 3_000, signal: AbortSignal.timeout(3_000) };
  await instance.store.transact([], writes, options);
  await waitFor(async () => !(await isRunning()) || undefined, { what: "the fence", timeoutMs: 10_000 });
  for (const until = performance.now() + 1_500; performance.now() < until; await pause(50)) {
    assert.deepEqual(
      await instance.store.list(prefix, { ...options, signal: AbortSignal.timeout(3_000) }),
      [],
    );
  }
});

/** The newest that fits, with its outcome. */
async function told(fits: (event: InstanceEvent) => boolean): Promise<InstanceEvent> {
  const newest = async () => {
    const found = (await instance.events()).filter(fits);
    return found.findLast(({ tookMs }) => tookMs !== undefined) ?? found.at(-1);
  };
  return waitFor(newest, { what: "event", timeoutMs: 5_000 });
}

/** Without its lock a leader is fenced, and that would be an event. */
async function isRunning(): Promise<boolean> {
  const pid = await second?.pid("postmaster").catch(() => 0);
  if (!pid) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
