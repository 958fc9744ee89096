/** Durability, timing and changes of leader by hand, over a real database; agents are played by the test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseSpec, parseSwitchover, parseSync } from "@mainstay/dcs/records.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startTestControlPlane, type TestControlPlane } from "../kit/control-plane.ts";
import { password } from "../kit/node.ts";
import { limits, untilReady } from "../kit/played-agents.ts";

const base = { engine: "PostgreSQL-15", node_type: "db-dev-s", user_name: "shop", password };

async function create(platform: TestControlPlane, changes: object = {}): Promise<string> {
  const wanted = { ...base, is_ha_cluster: true, ...changes };
  const { status, body } = await platform.call("POST", "/rdb/v1/regions/fr-par/instances", wanted);
  assert.equal(status, 200, JSON.stringify(body));
  await untilReady(platform, body.id);
  return body.id;
}

async function specOf({ store }: TestControlPlane, id: string) {
  return parseSpec((await store.get(instanceKeys(id).spec, limits()))?.value ?? "");
}

test("durability and timing are chosen at creation and changed later, each change a new generation", async () => {
  await using platform = await startTestControlPlane();
  const id = await create(platform, { durability: "strict" });
  const first = await specOf(platform, id);
  assert.deepEqual([first.durability, first.timing], ["strict", timingPresets.fast]);
  const path = `/mainstay/v1/instances/${id}`;
  const changed = await platform.call("PATCH", path, { durability: "available", timing: "safe" });
  assert.equal(changed.body.status, "configuring");
  await untilReady(platform, id);
  const second = await specOf(platform, id);
  assert.deepEqual([second.durability, second.timing], ["available", timingPresets.safe]);
  assert.equal(second.generation, first.generation + 1);
  const { body } = await platform.call("GET", path);
  assert.deepEqual([body.durability, body.timing, body.status], ["available", "safe", "ready"]);
  assert.equal((await platform.call("PATCH", path, { durability: "available" })).body.status, "ready");
  await platform.call("PATCH", path, { timing: "fast" });
  await untilReady(platform, id);
  assert.deepEqual((await specOf(platform, id)).timing, timingPresets.fast);
});

test("values that are no choice are refused by name", async () => {
  await using platform = await startTestControlPlane();
  const id = await create(platform, { timing: "safe" });
  const refused = async (body: object) => {
    const answer = await platform.call("PATCH", `/mainstay/v1/instances/${id}`, body);
    return [answer.status, answer.body.details?.[0].argument_name];
  };
  assert.deepEqual(await refused({ durability: "lax" }), [400, "durability"]);
  assert.deepEqual(await refused({ timing: "hasty" }), [400, "timing"]);
  const single = { ...base, durability: "strict" };
  const answer = await platform.call("POST", "/rdb/v1/regions/fr-par/instances", single);
  assert.deepEqual([answer.status, answer.body.details[0].argument_name], [400, "durability"]);
});

test("a failover is refused without a synchronous standby, unless its loss is accepted and recorded", async () => {
  await using platform = await startTestControlPlane();
  const { store } = platform;
  const id = await create(platform);
  const keys = instanceKeys(id);
  const sync = parseSync((await store.get(keys.sync, limits()))?.value ?? "");
  const [standby = ""] = sync.members;
  const alone = formatRecord({ ...sync, mode: "async" as const, members: [] });
  await store.transact([], [{ put: keys.sync, value: alone }], limits());
  const path = `/mainstay/v1/instances/${id}/failover`;
  const refused = await platform.call("POST", path, {});
  assert.deepEqual([refused.status, refused.body.type], [412, "precondition_failed"]);
  assert.match(refused.body.help_message, /synchronous standby/);
  assert.equal(await store.get(keys.switchover, limits()), undefined);
  const accepted = await platform.call("POST", path, { accept_loss: true, reason: "host-1 burns" });
  assert.deepEqual([accepted.status, accepted.body.estimated_loss_bytes], [200, null]);
  const request = parseSwitchover((await store.get(keys.switchover, limits()))?.value ?? "");
  assert.deepEqual(request, {
    id: accepted.body.id,
    term: sync.term,
    kind: "failover",
    target: standby,
    reason: "host-1 burns",
    acceptLoss: true,
  });
  const { events } = (await platform.call("GET", `/mainstay/v1/instances/${id}/events`)).body;
  const event = events.find(({ action }: { action: string }) => action === "failover");
  assert.equal(event?.reason, "host-1 burns");
  assert.deepEqual([event.inputs.acceptLoss, event.inputs.estimatedLossBytes], [true, null]);
});

test("a switchover carries its reason into the request", async () => {
  await using platform = await startTestControlPlane();
  const id = await create(platform);
  const path = `/mainstay/v1/instances/${id}/switchover`;
  assert.equal((await platform.call("POST", path, { target: "pg-0-9" })).status, 400);
  const { body } = await platform.call("POST", path, { reason: "maintenance" });
  const stored = await platform.store.get(instanceKeys(id).switchover, limits());
  const { kind, reason, target } = parseSwitchover(stored?.value ?? "");
  assert.deepEqual([kind, reason, target], ["switchover", "maintenance", body.target]);
  await platform.call("POST", path, { reason: "once more" });
  const { events } = (await platform.call("GET", `/mainstay/v1/instances/${id}/events`)).body;
  const again = events.find((event: { reason: string }) => event.reason === "once more");
  assert.equal(again?.inputs.replacedRequestId, body.id);
});

test("a request that nobody carries out is withdrawn and told, by one of two replicas", async () => {
  await using platform = await startTestControlPlane({ replicas: 2, requestLifeMs: 500 });
  const id = await create(platform);
  const { body } = await platform.call("POST", `/mainstay/v1/instances/${id}/switchover`, {});
  const key = instanceKeys(id).switchover;
  assert.equal(parseSwitchover((await platform.store.get(key, limits()))?.value ?? "").id, body.id);
  const isGone = async () => (await platform.store.get(key, limits())) === undefined;
  await waitFor(isGone, { what: "the withdrawal", timeoutMs: 10_000, everyMs: 50 });
  const withdrawals = async () => {
    const { events } = (await platform.call("GET", `/mainstay/v1/instances/${id}/events`)).body;
    const found = events.filter(({ action }: { action: string }) => action === "withdraw-request");
    return found.length > 0 ? found : undefined;
  };
  const [told, ...more] = await waitFor(withdrawals, { what: "its event", timeoutMs: 10_000, everyMs: 50 });
  assert.deepEqual([told.inputs.requestId, more], [body.id, []]);
});

test("no leadership goes to a node whose host is down, whatever losses are accepted", async () => {
  await using platform = await startTestControlPlane();
  const id = await create(platform);
  const path = `/mainstay/v1/instances/${id}`;
  const nodesNow = async () => (await platform.call("GET", `${path}/nodes`)).body.nodes;
  const [, standby] = await nodesNow();
  await platform.compute.kill(standby.host);
  const isSeen = async () => (await nodesNow())[1].host_state === "down" || undefined;
  await waitFor(isSeen, { what: "the loss", timeoutMs: 10_000, everyMs: 50 });
  const { status, body } = await platform.call("POST", `${path}/failover`, { accept_loss: true });
  assert.equal(status, 412, JSON.stringify(body));
  assert.match(body.help_message, /is down/);
  assert.equal(await platform.store.get(instanceKeys(id).switchover, limits()), undefined);
});
