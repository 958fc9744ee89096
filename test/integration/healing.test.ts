/** Replacement of lost nodes over a real database: hosts in memory, agents played by the test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { rdbAt, startTestControlPlane, type TestControlPlane, wantedInstance } from "../kit/control-plane.ts";
import { limits, playAgents, untilReady } from "../kit/played-agents.ts";

const replaceAfterMs = 1_500;

async function createPair(platform: TestControlPlane): Promise<string> {
  const { id } = await platform.api().createInstance(wantedInstance);
  await untilReady(platform, id);
  return id;
}

const statusOf = async ({ call }: TestControlPlane, id: string, replica = 0) =>
  (await call("GET", `/mainstay/v1/instances/${id}`, undefined, replica)).body.status;

async function until(what: string, isTrue: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  await waitFor(isTrue, { what, timeoutMs, everyMs: 50 });
}

async function nodesOf(platform: TestControlPlane, id: string) {
  const { body } = await platform.call("GET", `/mainstay/v1/instances/${id}/nodes`);
  return body.nodes as { id: string; host: string; host_state: string; membership: string; reason: string }[];
}

test("two replicas replace a lost node once, on another host, and delete it when the new one is synchronous", async () => {
  await using platform = await startTestControlPlane({ replicas: 2, replaceAfterMs });
  const id = await createPair(platform);
  await using agents = playAgents(platform, id);
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  await until("autohealing", async () => (await statusOf(platform, id, 1)) === "autohealing");
  await until("the host to be shown as down", async () =>
    (await nodesOf(platform, id)).some((node) => node.id === lost?.id && node.host_state === "down"),
  );
  await until("ready again", async () => (await statusOf(platform, id)) === "ready");
  const isGone = async () => (await nodesOf(platform, id)).every((node) => node.id !== lost?.id);
  await until("the end of the lost node", isGone);
  const nodes = await nodesOf(platform, id);
  assert.deepEqual(
    nodes.map((node) => node.id),
    [agents.idOf(1), agents.idOf(3)],
  );
  assert.ok(nodes.every((node) => node.host !== lost?.host && node.membership === "member"));
  await platform.compute.start(lost?.host ?? "");
  const left = (await platform.compute.nodes(AbortSignal.timeout(1_000))).map((node) => node.id);
  assert.deepEqual(left, [agents.idOf(1), agents.idOf(3)]);
  assert.equal((await platform.db.query("select from replacements")).rowCount, 1);
  const keys = await platform.store.get(instanceKeys(id).node(lost?.id ?? ""), limits());
  assert.equal(keys, undefined);
  const { body } = await platform.call("GET", `/mainstay/v1/instances/${id}/events?order_by=at_asc`);
  const actions: string[] = body.events.map(({ action }: { action: string }) => action);
  assert.deepEqual(
    actions.filter((action) => ["autohealing", "replacing"].includes(action)),
    ["autohealing", "replacing"],
  );
});

test("a node that is back before the delay only rejoins", async () => {
  await using platform = await startTestControlPlane({ replaceAfterMs: 60_000 });
  const id = await createPair(platform);
  await using agents = playAgents(platform, id);
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  await until("autohealing", async () => (await statusOf(platform, id)) === "autohealing");
  await until("a reason", async () =>
    /stays lost for 60 s/.test(
      (await platform.call("GET", `/mainstay/v1/instances/${id}`)).body.status_reason,
    ),
  );
  await platform.compute.start(lost?.host ?? "");
  await until("ready", async () => (await statusOf(platform, id)) === "ready");
  assert.equal((await platform.db.query("select from replacements")).rowCount, 0);
});

test("beyond the hourly limit nothing is replaced until an operator says so", async () => {
  await using platform = await startTestControlPlane({ replaceAfterMs });
  const id = await createPair(platform);
  await using agents = playAgents(platform, id);
  await platform.db.query(
    "insert into replacements (instance_id, generation) select $1, -n from generate_series(1, 3) as n",
    [id],
  );
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  const path = `/mainstay/v1/instances/${id}`;
  await until("the limit", async () =>
    /operator must look/.test((await platform.call("GET", path)).body.status_reason),
  );
  await platform.call("POST", `${path}/heal`);
  await until("ready", async () => (await statusOf(platform, id)) === "ready");
  assert.deepEqual(
    (await nodesOf(platform, id)).map((node) => node.membership === "member").includes(false),
    false,
  );
});

test("a control plane that starts in the middle goes on with the replacement", async () => {
  await using platform = await startTestControlPlane({ replaceAfterMs });
  const id = await createPair(platform);
  await using agents = playAgents(platform, id);
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  const isBegun = async () => ((await platform.db.query("select from replacements")).rowCount ?? 0) > 0;
  await until("a replacement", isBegun);
  await platform.planes[0]?.[Symbol.asyncDispose]();
  await using second = await platform.restart();
  const api = rdbAt(second.url, platform.key, platform.projectId);
  await until("ready", async () => (await api.getInstance({ instanceId: id })).status === "ready");
  assert.equal((await platform.db.query("select from replacements")).rowCount, 1);
});
