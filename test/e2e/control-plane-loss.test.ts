/** kill -9 of the control plane while instances are in the middle of being made, and of being deleted. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { newPlatform } from "../kit/platform.ts";

const platform = await newPlatform();
after(() => platform[Symbol.asyncDispose]());
await platform.command("up", "--detach", "--no-demo", "--listen", platform.listen);
const sdk = await platform.sdk();
/** Each of them is this much further when the control plane dies. */
const apartMs = 300;
const count = 3;
const limits = { timeoutMs: 120_000, everyMs: 200 };

test("every instance that was accepted becomes ready, with the nodes that it should have", async () => {
  for (let number = 1; number <= count; number++) {
    await platform.create(`made-${number}`, number === 1);
    await pause(apartMs);
  }
  await killControlPlane();
  const areReady = async () => {
    const { instances, totalCount } = await sdk.listInstances();
    assert.equal(totalCount, count);
    return instances.every(({ status }) => status === "ready");
  };
  await waitFor(() => areReady().catch(unlessAway), { what: "all of them ready", ...limits });
  assert.equal(nodeDirs().length, count + 1);
  for (const { name } of (await sdk.listInstances()).instances) {
    const nodes = await platform.nodes(name);
    assert.equal(nodes.filter(({ role }) => role === "primary").length, 1, name);
  }
});

test("every instance whose deletion was accepted goes, and leaves nothing", async () => {
  for (const { id } of (await sdk.listInstances()).instances) {
    await sdk.deleteInstance({ instanceId: id });
    await pause(apartMs / 4);
  }
  await killControlPlane();
  const areGone = async () => (await sdk.listInstances()).totalCount === 0;
  await waitFor(() => areGone().catch(unlessAway), { what: "all of them gone", ...limits });
  assert.deepEqual(nodeDirs(), []);
  const isRouteless = () => globSync(join(platform.dir, "balancer/routes/*")).length === 0;
  await waitFor(isRouteless, { what: "no route left", ...limits });
  assert.doesNotMatch(await readFile("/proc/self/mounts", "utf8"), new RegExp(platform.dir));
});

async function killControlPlane(): Promise<void> {
  const { pid } = JSON.parse(await readFile(join(platform.dir, "pids/control-plane.json"), "utf8"));
  process.kill(pid, "SIGKILL");
}

/** It is started again within a second. */
function unlessAway(error: unknown): undefined {
  if (error instanceof TypeError && error.message === "fetch failed") return;
  throw error;
}

function nodeDirs(): string[] {
  return globSync(join(platform.dir, "hosts/*/nodes/*"));
}
