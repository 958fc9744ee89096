/** Lost hosts on a whole platform: everything real, the delay before a replacement short. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathExists } from "@mainstay/runtime/files.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startWriter } from "../kit/endpoint-writer.ts";
import { connectTo, newPlatform } from "../kit/platform.ts";

const platform = await newPlatform();
after(() => platform[Symbol.asyncDispose]());

test("a lost host's node is replaced on the third host, nothing is lost, and it does not come back", async () => {
  const { command, listen } = platform;
  await command("up", "--detach", "--no-demo", "--replace-after", "3", "--listen", listen);
  const instance = await platform.createReady("shop", true);
  const before = await platform.nodes("shop");
  const lost = before.find(({ role }) => role === "primary");
  const remaining = before.find(({ role }) => role === "standby");
  assert.ok(lost && remaining);
  await using writer = await startWriter(() => connectTo(instance));
  await waitFor(() => writer.acknowledged.length > 20, { what: "rows", timeoutMs: 20_000 });
  const killedAt = performance.now();
  await command("host", "kill", lost.host);
  await until("autohealing", async () => (await platform.statusOf(instance)) === "autohealing");
  const isWhole = async () => {
    const nodes = await platform.nodes("shop");
    const added = nodes.find(({ id }) => id !== lost.id && id !== remaining.id);
    return added?.sync === true && added.host !== lost.host && added.host !== remaining.host;
  };
  await until("a synchronous replacement", isWhole);
  await until("ready", async () => (await platform.statusOf(instance)) === "ready");
  console.log(`host kill to ready: ${Math.round(performance.now() - killedAt)} ms, of which 3000 ms waiting`);
  await writer.stop();
  assert.deepEqual(await writer.lost(), []);
  const nodeDir = join(platform.dir, "hosts", lost.host, "nodes", lost.id);
  await until("the lost node's end", async () => !(await pathExists(nodeDir)));
  await command("host", "start", lost.host);
  // The host is the emptiest, and runs a new node: by then it would run the old one too.
  await platform.createReady("next", false);
  const [next] = await platform.nodes("next");
  assert.deepEqual(await readdir(join(platform.dir, "hosts", lost.host, "nodes")), [next?.id]);
  assert.equal((await platform.nodes("shop")).length, 2);
  assert.equal(await platform.statusOf(instance), "ready");
});

test("a lost single node goes on from its volume when its host is back", async () => {
  const { command } = platform;
  const instance = await platform.createReady("alone", false);
  {
    await using client = await connectTo(instance);
    await client.query("create table kept as select 7 as n");
  }
  const [node] = await platform.nodes("alone");
  await command("host", "kill", node?.host ?? "");
  await until("autohealing", async () => (await platform.statusOf(instance)) === "autohealing");
  const isLeftAlone = async () =>
    /goes on from its volume/.test(await command("instance", "get", "alone", "--json"));
  await until("the decision to wait for the host, however long", isLeftAlone);
  await command("host", "start", node?.host ?? "");
  await until("ready", async () => (await platform.statusOf(instance)) === "ready");
  assert.deepEqual(
    (await platform.nodes("alone")).map(({ id }) => id),
    [node?.id],
  );
  await using client = await connectTo(instance);
  assert.deepEqual((await client.query("select n from kept")).rows, [{ n: 7 }]);
});

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  await waitFor(isTrue, { what, timeoutMs: 60_000, everyMs: 200 });
}
