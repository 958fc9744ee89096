/**
 * Measures a platform on this machine and prints times beside a bare reference of the same run:
 * `npm run bench`. Nothing is asserted; shared machines vary.
 */
import { cpus, loadavg } from "node:os";
import { pause } from "@mainstay/runtime/pause.ts";
import { newPlatform } from "@mainstay/test/kit/platform.ts";
import { bareHa, bareSingle } from "./bare.ts";
import { compareThroughput, type Instance, writeGapMs, writeTo } from "./client.ts";
import type { Writer } from "./failover/writer.ts";

const rounds = 5;
/** Asking more often would measure the asking: server and client share two cores with the database. */
const pollMs = 100;
await using platform = await newPlatform();
const [load = 0] = loadavg();
process.stdout.write(
  `${cpus().length} cores, load ${load.toFixed(1)} before the run: compare ratios, not times, when it is high\n`,
);
const upMs = await timed(() => platform.command("up", "--detach", "--no-demo", "--listen", platform.listen));
report("up, packages installed: API answers", upMs);

const bare = { single: await repeated(bareSingle), ha: await repeated(bareHa) };
const single = await repeated(() => createMs(false));
report("create to ready, single node", single, bare.single);
const ha = await repeated(() => createMs(true));
report("create to ready, HA", ha, bare.ha);

const instance = await create("bench", true);
report("host kill: longest time without an acknowledged write", await hostLosses(instance));
for (const { name, ratio, endpoint, direct } of await compareThroughput(
  instance,
  await primaryAddress("bench"),
)) {
  process.stdout.write(
    `${name}: endpoint ${endpoint} tps, direct ${direct} tps, ratio ${ratio.toFixed(2)}\n`,
  );
}

async function create(name: string, isHaCluster: boolean): Promise<Instance> {
  const sdk = await platform.sdk();
  const { id } = await platform.create(name, isHaCluster);
  for (;;) {
    const found = await sdk.getInstance({ instanceId: id });
    const [endpoint] = found.endpoints;
    if (found.status === "ready" && endpoint?.ip) return { id, host: endpoint.ip, port: endpoint.port };
    await pause(pollMs);
  }
}

async function createMs(isHa: boolean): Promise<number> {
  let id = "";
  const tookMs = await timed(async () => {
    id = (await create(`bench-${isHa ? "ha" : "single"}`, isHa)).id;
  });
  await platform.command("instance", "delete", id, "--wait");
  return tookMs;
}

async function hostLosses(target: Instance): Promise<number> {
  await using writer = await writeTo(target);
  return await repeated(() => hostLoss(writer));
}

async function hostLoss(writer: Writer): Promise<number> {
  const leader = (await platform.nodes("bench")).find(({ role }) => role === "primary");
  if (!leader) throw new Error("no primary");
  const gap = await writeGapMs(writer, () => platform.command("host", "kill", leader.host));
  await platform.command("host", "start", leader.host);
  while (!(await platform.nodes("bench")).some(({ sync }) => sync)) {
    await pause(200);
  }
  return gap;
}

async function primaryAddress(name: string): Promise<string> {
  return (await platform.nodes(name)).find(({ role }) => role === "primary")?.address ?? "";
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function repeated(measure: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure());
  return median(all);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(what: string, ms: number, referenceMs?: number): void {
  const reference =
    referenceMs === undefined
      ? ""
      : `, bare ${Math.round(referenceMs)} ms, ratio ${(ms / referenceMs).toFixed(2)}`;
  process.stdout.write(`${what}: ${Math.round(ms)} ms${reference}\n`);
}
