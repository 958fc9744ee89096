/** Replacement of lost nodes over a real database: hosts in memory, agents played by the test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { formatNodeStatus, parseSpec } from "@mainstay/dcs/records.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { serve, startTestPlatform } from "../kit/control-plane.ts";

const limits = () => ({ timeoutMs: 2_000, signal: AbortSignal.timeout(2_000) });
const replaceAfterMs = 1_500;
type Platform = Awaited<ReturnType<typeof startTestPlatform>>;

async function call({ urls, key }: Platform, method: string, path: string, replica = 0) {
  const response = await fetch(`${urls[replica]}${path}`, {
    method,
    headers: { "x-auth-token": key.secretKey },
  });
  return JSON.parse(await response.text());
}

async function createPair(platform: Platform): Promise<string> {
  const { id } = await platform.api().createInstance({
    ...{ name: "orders", engine: "PostgreSQL-15", userName: "shop", password: "Aa1!aaaaaaaa" },
    ...{ nodeType: "DB-DEV-S", isHaCluster: true, disableBackup: true, backupSameRegion: false },
    ...{ volumeSize: 0, volumeType: "lssd" as const },
  });
  await waitFor(
    async () => {
      await serve(platform.store, id);
      return (await platform.api().getInstance({ instanceId: id })).status === "ready" || undefined;
    },
    { what: "ready", timeoutMs: 10_000, everyMs: 50 },
  );
  return id;
}

/** The agents: node 1 serves and renews; members whose hosts run report, and one of them is synchronous. */
function play({ store, compute }: Platform, id: string, leaderOrdinal = 1) {
  const keys = instanceKeys(id);
  const idOf = (ordinal: number) => `pg-${id.slice(0, 8)}-${ordinal}`;
  const leader = idOf(leaderOrdinal);
  const ended = new AbortController();
  let seq = 1;
  const playing = (async () => {
    while (!ended.signal.aborted) {
      const spec = await store.get(keys.spec, limits());
      const hosts = await compute.hosts(AbortSignal.timeout(1_000));
      const nodes = await compute.nodes(AbortSignal.timeout(1_000));
      const isUp = (nodeId: string) =>
        nodes.some((one) => one.id === nodeId && one.state === "running") &&
        hosts.some((host) => host.state === "running" && host.nodeIds.includes(nodeId));
      const live = spec ? parseSpec(spec.value).members.filter((member) => isUp(member.id)) : [];
      const members = live.map((member) => member.id).filter((nodeId) => nodeId !== leader);
      const mode = members.length > 0 ? ("sync" as const) : ("async" as const);
      const lock = {
        term: 1,
        holder: leader,
        bootId: "b",
        phase: "serving" as const,
        timing: timingPresets.fast,
        seq: ++seq,
      };
      const sync = { term: 1, leader, mode, members, systemId: "7", takeovers: [], lossTerm: 0 };
      const status = (nodeId: string) => ({
        put: keys.node(nodeId),
        value: formatNodeStatus({
          ...{ nodeId, observedAt: new Date().toISOString(), state: "running", reason: `plays ${seq}` },
          ...{ role: nodeId === leader ? "primary" : "standby", term: 1, timeline: 1, systemId: "7" },
          ...{ flushPosition: 1n, isStreaming: true, impediment: null },
          pids: { supervisor: 1, agent: 2, fencer: 3, postmaster: 4 },
        }),
      });
      const writes = live.map((member) => status(member.id));
      if (isUp(leader)) writes.push({ put: keys.lock, value: formatRecord(lock) });
      if (isUp(leader)) writes.push({ put: keys.sync, value: formatRecord(sync) });
      await store.transact([], writes, limits());
      await pause(100, ended.signal);
    }
  })();
  return {
    idOf,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await playing;
    },
  };
}

const statusOf = async (platform: Platform, id: string, replica = 0) =>
  (await call(platform, "GET", `/mainstay/v1/instances/${id}`, replica)).status;

async function until(what: string, isTrue: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  await waitFor(async () => (await isTrue()) || undefined, { what, timeoutMs, everyMs: 50 });
}

async function nodesOf(platform: Platform, id: string) {
  const { nodes } = await call(platform, "GET", `/mainstay/v1/instances/${id}/nodes`);
  return nodes as { id: string; host: string; host_state: string; membership: string; reason: string }[];
}

test("two replicas replace a lost node once, on another host, and delete it when the new one is synchronous", async () => {
  await using platform = await startTestPlatform(2, replaceAfterMs);
  const id = await createPair(platform);
  await using agents = play(platform, id);
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
  const { events } = await call(platform, "GET", `/mainstay/v1/instances/${id}/events?order_by=at_asc`);
  const actions: string[] = events.map(({ action }: { action: string }) => action);
  assert.deepEqual(
    actions.filter((action) => ["autohealing", "replacing"].includes(action)),
    ["autohealing", "replacing"],
  );
});

test("a node that is back before the delay only rejoins", async () => {
  await using platform = await startTestPlatform(1, 60_000);
  const id = await createPair(platform);
  await using agents = play(platform, id);
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  await until("autohealing", async () => (await statusOf(platform, id)) === "autohealing");
  await until("a reason", async () =>
    /stays lost for 60 s/.test((await call(platform, "GET", `/mainstay/v1/instances/${id}`)).status_reason),
  );
  await platform.compute.start(lost?.host ?? "");
  await until("ready", async () => (await statusOf(platform, id)) === "ready");
  assert.equal((await platform.db.query("select from replacements")).rowCount, 0);
});

test("beyond the hourly limit nothing is replaced until an operator says so", async () => {
  await using platform = await startTestPlatform(1, replaceAfterMs);
  const id = await createPair(platform);
  await using agents = play(platform, id);
  await platform.db.query(
    "insert into replacements (instance_id, generation) select $1, -n from generate_series(1, 3) as n",
    [id],
  );
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  const path = `/mainstay/v1/instances/${id}`;
  await until("the limit", async () =>
    /operator must look/.test((await call(platform, "GET", path)).status_reason),
  );
  await call(platform, "POST", `${path}/heal`);
  await until("ready", async () => (await statusOf(platform, id)) === "ready");
  assert.deepEqual(
    (await nodesOf(platform, id)).map((node) => node.membership === "member").includes(false),
    false,
  );
});

test("a control plane that starts in the middle goes on with the replacement", async () => {
  await using platform = await startTestPlatform(1, replaceAfterMs);
  const id = await createPair(platform);
  await using agents = play(platform, id);
  const lost = (await nodesOf(platform, id)).find((node) => node.id === agents.idOf(2));
  await platform.compute.kill(lost?.host ?? "");
  const isBegun = async () => ((await platform.db.query("select from replacements")).rowCount ?? 0) > 0;
  await until("a replacement", isBegun);
  await platform.planes[0]?.[Symbol.asyncDispose]();
  await using second = await platform.restart();
  const moved = { ...platform, urls: [second.url] };
  await until("ready", async () => (await statusOf(moved, id)) === "ready");
  assert.equal((await platform.db.query("select from replacements")).rowCount, 1);
});
