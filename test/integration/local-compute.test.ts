import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Compute, Node } from "@mainstay/compute/compute.ts";
import { computeContract } from "@mainstay/compute/compute-contract.ts";
import { createHosts } from "@mainstay/compute/local/hosts.ts";
import { createLocalCompute } from "@mainstay/compute/local/local-compute.ts";
import { createVolume, volumeFault } from "@mainstay/compute/local/volumes.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { unprivilegedUser } from "../kit/user.ts";

const { signal } = new AbortController();
/** Root in a container may not mount either. */
const mounting = { skip: (await volumeFault(tmpdir())) ?? false };

// Stands in for the agent's supervisor: this test is about processes, not about PostgreSQL.
const supervisor = `
  import { writeFileSync } from "node:fs";
  writeFileSync(process.argv[2] + "/supervisor.pid", process.pid + "\\n");
  setInterval(() => {}, 1000);
`;

computeContract("local", openCompute);

test("a volume has the plan's size, wherever one can be mounted", mounting, async () => {
  await using compute = await openCompute();
  const node = await startNode(compute, 20e6);
  const files = () => statfs(node.volumeDir);
  assert.ok((await files()).blocks * (await files()).bsize <= 20e6);
  const tooMuch = writeFile(join(node.volumeDir, "large"), Buffer.alloc(21e6));
  await assert.rejects(tooMuch, { code: "ENOSPC" });
});

test("stopping everything detaches the volume, and starting it again finds the same files", async () => {
  await using compute = await openCompute();
  const node = await startNode(compute, 20e6);
  await writeFile(join(node.volumeDir, "kept"), "yes");
  await compute.stopAll(signal);
  assert.equal((await stat(node.volumeDir)).dev, (await stat(node.nodeDir)).dev);
  await startNode(compute, 20e6);
  assert.equal(await readFile(join(node.volumeDir, "kept"), "utf8"), "yes");
});

test("a frozen host that is started goes on", async () => {
  await using compute = await openCompute();
  await startNode(compute, 20e6);
  const findPid = async () => (await compute.nodes(signal))[0]?.supervisorPid;
  const supervisorPid = await waitFor(findPid, { what: "a supervisor", timeoutMs: 5_000 });
  const isFrozen = async () => /^State:\tT/m.test(await readFile(`/proc/${supervisorPid}/status`, "utf8"));
  await compute.freeze("host-1");
  await waitFor(isFrozen, { what: "a frozen node", timeoutMs: 5_000 });
  await compute.start("host-1");
  await waitFor(async () => !(await isFrozen()), { what: "a node that runs", timeoutMs: 5_000 });
});

test("a node whose volume is damaged keeps no other from starting, and says so", mounting, async () => {
  await using compute = await openCompute();
  const damaged = await startNode(compute, 20e6);
  const other = await startNode(compute, 20e6, "pg-0a1b2c3d-2");
  await compute.stopAll(signal);
  await truncate(join(damaged.nodeDir, "volume.img"), 0);
  await assert.rejects(compute.start("host-1"), /mount/);
  const isRunning = async () =>
    (await compute.nodes(signal)).some(({ id, state }) => id === other.id && state === "running") ||
    undefined;
  await waitFor(isRunning, { what: "the other node", timeoutMs: 5_000 });
});

test("a volume made several times at once is made once", mounting, async (context) => {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-volume-"));
  context.after(() => rm(dir, { recursive: true, force: true }));
  const image = () => stat(join(dir, "volume.img")).then(({ ino }) => ino);
  const seen = await Promise.all([1, 2, 3].map(() => createVolume(dir, 20e6, undefined).then(image)));
  assert.equal(new Set(seen).size, 1);
  assert.deepEqual((await readdir(dir)).toSorted(), ["volume", "volume.img"]);
});

async function startNode(compute: Compute, volumeBytes: number, id = "pg-0a1b2c3d-1"): Promise<Node> {
  const place = { instanceId: "0a1b2c3d-0000-4000-8000-000000000000", hostId: "host-1" };
  await compute.reserveNode(id, place.instanceId, place.hostId, signal);
  return compute.startNode({ id, ...place, engineMajor: 15, volumeBytes, files: {} }, signal);
}

async function openCompute() {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-compute-"));
  await chmod(dir, 0o755);
  const program = join(dir, "supervisor.mjs");
  await writeFile(program, supervisor);
  await createHosts(dir, 3);
  const user = await unprivilegedUser();
  const compute = await createLocalCompute({ dir, supervisor: program, user, log: createLog("test") });
  return Object.assign(compute, {
    async [Symbol.asyncDispose]() {
      for (const { id } of await compute.nodes(signal)) {
        await compute.deleteNode(id, signal);
      }
      await killTree(dir);
      await rm(dir, { recursive: true, force: true });
    },
  });
}
