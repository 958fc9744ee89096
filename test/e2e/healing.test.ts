/** Lost hosts on a whole platform: everything real, the delay before a replacement short. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathExists } from "@mainstay/runtime/files.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import type { Rdbv1 } from "@scaleway/sdk-rdb";
import pg from "pg";
import { startWriter } from "../kit/endpoint-writer.ts";
import { newPlatform } from "../kit/platform.ts";

const platform = await newPlatform();
after(() => platform[Symbol.asyncDispose]());
const password = "Secret-of-a-test-1";

test("a lost host's node is replaced on the third host, nothing is lost, and it does not come back", async () => {
  const { command, listen } = platform;
  await command("up", "--detach", "--no-demo", "--replace-after", "3", "--listen", listen);
  const instance = await create("shop", true);
  const before = await listNodes("shop");
  const lost = before.find(({ role }) => role === "primary");
  const remaining = before.find(({ role }) => role === "standby");
  assert.ok(lost && remaining);
  const writer = await startWriter(() => connect(instance));
  await waitFor(() => writer.acknowledged.length > 20 || undefined, { what: "rows", timeoutMs: 20_000 });
  const killedAt = performance.now();
  await command("host", "kill", lost.host);
  await until("autohealing", async () => (await statusOf(instance)) === "autohealing");
  const isWhole = async () => {
    const nodes = await listNodes("shop");
    const added = nodes.find(({ id }) => id !== lost.id && id !== remaining.id);
    return added?.sync === true && added.host !== lost.host && added.host !== remaining.host;
  };
  await until("a synchronous replacement", isWhole);
  await until("ready", async () => (await statusOf(instance)) === "ready");
  console.log(`host kill to ready: ${Math.round(performance.now() - killedAt)} ms, of which 3000 ms waiting`);
  await writer.stop();
  await using client = await connect(instance);
  const { rows } = await client.query<{ id: number }>("select id from written");
  const found = new Set(rows.map(({ id }) => id));
  assert.deepEqual(
    writer.acknowledged.filter((id) => !found.has(id)),
    [],
  );
  const nodeDir = join(platform.dir, "hosts", lost.host, "nodes", lost.id);
  await until("the lost node's end", async () => !(await pathExists(nodeDir)));
  await command("host", "start", lost.host);
  await pause(2_000); // longer than the provider takes to start what should run
  assert.equal(await pathExists(nodeDir), false);
  assert.deepEqual(await processesUnder(join(platform.dir, "hosts", lost.host)), []);
  assert.equal((await listNodes("shop")).length, 2);
  assert.equal(await statusOf(instance), "ready");
});

test("a lost single node goes on from its volume when its host is back", async () => {
  const { command } = platform;
  const instance = await create("alone", false);
  {
    await using client = await connect(instance);
    await client.query("create table kept as select 7 as n");
  }
  const [node] = await listNodes("alone");
  await command("host", "kill", node?.host ?? "");
  await until("autohealing", async () => (await statusOf(instance)) === "autohealing");
  await pause(4_000); // longer than the delay: a single node is never replaced
  assert.equal((await listNodes("alone"))[0]?.id, node?.id);
  await command("host", "start", node?.host ?? "");
  await until("ready", async () => (await statusOf(instance)) === "ready");
  await using client = await connect(instance);
  assert.deepEqual((await client.query("select n from kept")).rows, [{ n: 7 }]);
});

async function create(name: string, isHaCluster: boolean): Promise<Rdbv1.Instance> {
  const sdk = await platform.sdk();
  const { id } = await sdk.createInstance({
    ...{ name, engine: "PostgreSQL-15", nodeType: "db-dev-s", isHaCluster, disableBackup: true },
    ...{ userName: "owner", password, volumeType: "lssd", volumeSize: 0, backupSameRegion: false },
  });
  return sdk.waitForInstance({ instanceId: id }, { minDelay: 1, maxDelay: 1 });
}

async function statusOf({ id }: Rdbv1.Instance): Promise<string> {
  return (await (await platform.sdk()).getInstance({ instanceId: id })).status;
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  await waitFor(async () => (await isTrue()) || undefined, { what, timeoutMs: 60_000, everyMs: 200 });
}

interface NodeRow {
  readonly id: string;
  readonly role: string;
  readonly sync: boolean;
  readonly host: string;
}

async function listNodes(name: string): Promise<NodeRow[]> {
  return JSON.parse(await platform.command("node", "list", name, "--json"));
}

async function connect({ endpoints: [endpoint] }: Rdbv1.Instance): Promise<pg.Client & AsyncDisposable> {
  assert.ok(endpoint?.ip);
  const client = new pg.Client({
    ...{ host: endpoint.ip, port: endpoint.port, user: "owner", password, database: "rdb" },
    ...{ connectionTimeoutMillis: 2_000, query_timeout: 60_000 },
  });
  client.on("error", () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end().catch(() => {}) });
}
