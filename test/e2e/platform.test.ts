/** From one command to a replicated PostgreSQL that survives the loss of a host: everything real. */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type { IncidentView } from "@mainstay/api-contract/incidents.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import type { Rdbv1 } from "@scaleway/sdk-rdb";
import type pg from "pg";
import { startWriter } from "../kit/endpoint-writer.ts";
import { connectTo, endpointOf, newPlatform } from "../kit/platform.ts";
import { asTenant } from "../kit/tenant.ts";

const platform = await newPlatform();
after(() => platform[Symbol.asyncDispose]());
const { signal } = new AbortController();

test("one command brings up a platform", async () => {
  await platform.command("up", "--detach", "--no-demo", "--listen", platform.listen);
  assert.equal((await stat(join(platform.dir, "connection.env"))).mode & 0o777, 0o600);
});

test("a second `up` shows what runs, and refuses to change it", async () => {
  const [known] = (await platform.command("up")).split("\n");
  assert.match(known ?? "", new RegExp(`^API: http://${platform.listen} `));
  await assert.rejects(platform.command("up", "--hosts", "4"), /has 3 hosts; --hosts cannot change it/);
  await assert.rejects(platform.command("up", "--replace-after", "5"), /changes it after a `down`/);
});

let primary: Rdbv1.Instance;

test("the official SDK creates a highly available instance that is ready when it says so", async () => {
  primary = await platform.createReady("shop", true);
  const nodes = await platform.nodes("shop");
  assert.deepEqual(nodes.map(({ role }) => role).toSorted(), ["primary", "standby"]);
  assert.equal(new Set(nodes.map(({ zone }) => zone)).size, 2);
  await using client = await connectTo(primary);
  assert.deepEqual((await client.query("select 1 as one")).rows, [{ one: 1 }]);
});

test("a node's certificate reaches its own instance in etcd, and nothing else", async () => {
  const [node] = await platform.nodes("shop");
  const nodeDir = join(platform.dir, "hosts", node?.host ?? "", "nodes", node?.id ?? "");
  const file = (name: string) => readFile(join(nodeDir, name), "utf8");
  const { store: address, tls, instanceId } = JSON.parse(await file("node.json"));
  const paths = [tls.ca, tls.clientCertificate, tls.clientKey].map((name) => file(join("tls", name)));
  const [ca = "", certificate = "", key = ""] = await Promise.all(paths);
  await using store = connectEtcd({ ...address, ca, certificate, key });
  const options = { timeoutMs: 5_000, signal };
  assert.ok((await store.list(instanceKeys(instanceId).prefix, options)).length > 0);
  const stranger = instanceKeys(randomUUID());
  await assert.rejects(store.list(stranger.prefix, options), /store: refused/);
  await assert.rejects(store.transact([], [{ put: stranger.lock, value: "" }], options), /store: refused/);
});

test("the command line prints what the API says, and the line that connects", async () => {
  const json = async (...args: string[]) => JSON.parse(await platform.command(...args, "--json"));
  const [listed] = await json("instance", "list");
  assert.partialDeepStrictEqual(await json("instance", "get", "shop"), listed);
  assert.deepEqual(listed.endpoint, listed.endpoints[0]);
  const { host, port } = endpointOf(primary);
  const line = await platform.command("instance", "connect", "shop");
  assert.equal(line, `psql -h ${host} -p ${port} -U owner rdb\n`);
  const connection = { host, port, user: "owner", database: "rdb" };
  assert.deepEqual(await json("instance", "connect", "shop"), connection);
  const { instances, hosts } = await json("status");
  assert.deepEqual([instances, hosts], [[listed], await json("host", "list")]);
});

test("a dump of a benchmark's tables is the same in a second instance", async () => {
  const limits = { timeoutMs: 180_000 };
  await asTenant(endpointOf(primary), "pgbench", ["-i", "-s", "20", "-q"], limits);
  await asTenant(endpointOf(primary), "pgbench", ["-c", "4", "-T", "3"], limits);
  const copy = await platform.createReady("copy", false);
  const dump = await asTenant(endpointOf(primary), "pg_dump", ["--no-owner", "--no-privileges"], limits);
  const load = ["-q", "-v", "ON_ERROR_STOP=1"];
  await asTenant(endpointOf(copy), "psql", load, { ...limits, input: dump });
  assert.equal(await checksum(copy), await checksum(primary));
  await (await platform.sdk()).deleteInstance({ instanceId: copy.id });
});

test("a balancer that dies is replaced without a cut, and the next one closes the door when told", async () => {
  await using client = await connectTo(primary);
  const before = await balancerPid();
  process.kill(before, "SIGKILL");
  await waitFor(async () => (await balancerPid()) !== before, {
    what: "another balancer",
    timeoutMs: 20_000,
  });
  assert.deepEqual((await client.query("select 1 as one")).rows, [{ one: 1 }]);
  const sdk = await platform.sdk();
  await sdk.setInstanceACLRules({ instanceId: primary.id, rules: [{ ip: "192.0.2.0/24", description: "" }] });
  await waitFor(() => client.query("select 1").then(nothing, () => true), {
    what: "the cut",
    timeoutMs: 10_000,
  });
  await sdk.setInstanceACLRules({ instanceId: primary.id, rules: [{ ip: "0.0.0.0/0", description: "" }] });
  await waitFor(() => connectTo(primary).then(closed, nothing), { what: "an open door", timeoutMs: 10_000 });
});

test("a switchover by hand exchanges the roles", async () => {
  const [before] = (await platform.nodes("shop")).filter(({ role }) => role === "primary");
  await platform.command("instance", "switchover", "shop");
  await waitFor(
    async () => {
      const [leader] = (await platform.nodes("shop")).filter(({ role, sync }) => role === "primary" && !sync);
      const isFollowed = (await platform.nodes("shop")).some(({ sync }) => sync);
      return leader && leader.host !== before?.host && isFollowed;
    },
    { what: "the other node as primary", timeoutMs: 90_000, everyMs: 100 },
  );
  await using client = await connectTo(primary);
  assert.equal((await client.query("select count(*)::int as n from pgbench_branches")).rows[0]?.n, 20);
  // What a node has not told yet is lost with its host, and the next test takes its power.
  const isTold = async () => /"switchover"/.test(await platform.command("incidents", "shop", "--json"));
  const limits = { what: "the switchover's incident", timeoutMs: 20_000, everyMs: 200 };
  await waitFor(isTold, limits);
});

test("the loss of the primary's host during writes loses no acknowledged row", async () => {
  const leader = (await platform.nodes("shop")).find(({ role }) => role === "primary");
  assert.ok(leader);
  await using writer = await startWriter(() => connectTo(primary));
  await waitFor(() => writer.acknowledged.length > 20, { what: "rows", timeoutMs: 20_000 });
  await platform.command("host", "kill", leader.host);
  const before = writer.acknowledged.length;
  await waitFor(() => writer.acknowledged.length > before + 20, {
    what: "rows after the failover",
    timeoutMs: 30_000,
  });
  await writer.stop();
  assert.deepEqual(await writer.lost(), []);
  await platform.command("host", "start", leader.host);
  await waitFor(async () => (await platform.nodes("shop")).some(({ sync }) => sync), {
    what: "a sync standby",
    timeoutMs: 60_000,
    everyMs: 200,
  });
});

test("the loss of the host is one incident, and the switchover before it another", async () => {
  const whole = async () => {
    const [newest, ...older]: IncidentView[] = JSON.parse(
      await platform.command("incidents", "shop", "--json"),
    );
    return newest?.recovered_at && newest.discarded ? [newest, ...older] : undefined;
  };
  const limits = { what: "a recovered incident", timeoutMs: 20_000, everyMs: 200 };
  const [failover, switchover, ...others] = await waitFor(whole, limits);
  assert.deepEqual(others, []);
  assert.deepEqual([failover?.kind, failover?.planned], ["failover", false]);
  assert.deepEqual([switchover?.kind, switchover?.planned], ["switchover", true]);
  assert.deepEqual(
    failover?.phases.map(({ name }) => name),
    ["detected", "claimed", "promoted", "proven", "opened", "routed"],
  );
  const gap = failover.write_gap_ms ?? 0;
  const sum = failover.phases.reduce((total, phase) => total + phase.took_ms, 0);
  assert.ok(Math.abs(gap - sum) <= 1 && gap > 50 && gap < 20_000, `${gap} ms, phases ${sum} ms`);
  // A dead host ends its sessions itself: often none is left for the balancer to cut.
  assert.ok(Number.isInteger(failover.sessions_cut));
  assert.equal(failover.discarded?.acknowledged, 0);
  const lines = (await platform.command("events", "shop", "--since", "10m")).trim().split("\n");
  assert.ok(lines.some((line) => line.includes("promote: ")));
  assert.ok(lines.some((line) => line.includes("balancer") && line.includes("route: ")));
  await assert.rejects(platform.command("events", "nothing"), /there is no instance "nothing"/);
  await assert.rejects(platform.command("events", "shop", "--since", "soon"), /such as 90s/);
});

test("down leaves no process and no mount, up brings everything back with its data", async () => {
  const before = await checksum(primary);
  await platform.command("down");
  assert.deepEqual(await processesUnder(platform.dir), []);
  const { host, port } = endpointOf(primary);
  const squatter = createServer().listen(port, host);
  const refused = new RegExp(`${host}:${port} cannot be listened on .* endpoint of instance ${primary.id}`);
  await assert.rejects(platform.command("up", "--detach"), refused);
  await new Promise((resolve) => squatter.close(resolve));
  assert.deepEqual(await processesUnder(platform.dir), []);
  assert.doesNotMatch(await readFile("/proc/self/mounts", "utf8"), new RegExp(platform.dir));
  await platform.command("up", "--detach");
  const sdk = await platform.sdk();
  assert.equal(
    (await sdk.waitForInstance({ instanceId: primary.id }, { minDelay: 1, maxDelay: 1 })).status,
    "ready",
  );
  assert.equal(await checksum(primary), before);
});

test("down --purge leaves what is not ours, and nothing else", async () => {
  await writeFile(join(platform.dir, "notes"), "");
  await platform.command("down", "--purge");
  assert.deepEqual(await readdir(platform.dir), ["notes"]);
  assert.deepEqual(await processesUnder(platform.dir), []);
});

async function balancerPid(): Promise<number> {
  const { pid } = JSON.parse(await readFile(join(platform.dir, "pids", "balancer.json"), "utf8"));
  return pid;
}

function nothing(): undefined {}

async function closed(client: pg.Client): Promise<true> {
  await client.end();
  return true;
}

/** Of the dump: schema and every row, in the order of the tables' keys. */
async function checksum(instance: Rdbv1.Instance): Promise<string> {
  await using client = await connectTo(instance);
  const { rows } = await client.query(`
    select (select md5(string_agg(a::text, '|' order by aid)) from pgbench_accounts a) as accounts,
      (select md5(string_agg(t::text, '|' order by tid)) from pgbench_tellers t) as tellers,
      (select md5(string_agg(b::text, '|' order by bid)) from pgbench_branches b) as branches,
      (select md5(string_agg(h::text, '|' order by h::text)) from pgbench_history h) as history,
      (select count(*) from pgbench_history) as count`);
  return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
}
