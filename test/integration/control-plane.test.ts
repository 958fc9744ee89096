import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { ComputeError } from "@mainstay/compute/compute.ts";
import { nodeUser } from "@mainstay/dcs/access.ts";
import { accessEnforcedKey, instanceKeys } from "@mainstay/dcs/keys.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { rdbAt, startTestControlPlane, type TestControlPlane, wantedInstance } from "../kit/control-plane.ts";
import { password } from "../kit/node.ts";
import { serve, untilReady } from "../kit/played-agents.ts";

test("the unmodified SDK creates an HA instance, waits for it, changes and deletes it", async () => {
  await using platform = await startTestControlPlane();
  const { store, compute, db, log } = platform;
  const api = platform.api();
  const created = await api.createInstance(wantedInstance);
  assert.equal(created.status, "provisioning");
  assert.deepEqual([created.endpoints, created.settings], [[], []]);
  assert.equal(created.nodeType, "db-dev-s");
  const startedAt = performance.now();
  const started = async () => (await compute.nodes(AbortSignal.timeout(1_000))).length === 2;
  await waitFor(started, { what: "two nodes", timeoutMs: 5_000 });
  await waitFor(async () => (await verifiers(db)) === 0, { what: "erasure", timeoutMs: 5_000 });
  assert.equal(platform.probed.length, 0, "not probed before a node serves");
  const { lock } = instanceKeys(created.id);
  const mayReach = (node: string) => platform.access.mayReach(nodeUser(node), lock);
  const nodeIds = (await compute.nodes(AbortSignal.timeout(1_000))).map(({ id }) => id);
  assert.deepEqual([...nodeIds, "pg-other"].map(mayReach), [true, true, false]);
  await serve(store, created.id);
  const ready = await waitFor(
    async () => {
      const instance = await api.getInstance({ instanceId: created.id });
      return instance.status === "ready" ? instance : undefined;
    },
    { what: "ready", timeoutMs: 5_000 },
  );
  console.log(`create to ready, without PostgreSQL: ${Math.round(performance.now() - startedAt)} ms`);
  assert.deepEqual((await api.waitForInstance({ instanceId: created.id })).endpoints, ready.endpoints);
  assert.equal(ready.endpoints[0]?.ip, "127.0.0.1");
  assert.ok(ready.settings.some(({ name, value }) => name === "max_connections" && value === "200"));
  const hosts = (await compute.nodes(AbortSignal.timeout(1_000))).map(({ hostId }) => hostId);
  assert.equal(new Set(hosts).size, 2);
  assert.equal((await db.query("select from metering where event = 'started'")).rowCount, 1);
  assert.ok(!log.lines.some((line) => line.includes(password) || line.includes("SCRAM-SHA-256$")));
  await checkChanges(api, created.id);
  assert.equal((await api.deleteInstance({ instanceId: created.id })).status, "deleting");
  await waitFor(() => isGone(api, created.id), { what: "404", timeoutMs: 5_000 });
  assert.deepEqual(await compute.nodes(AbortSignal.timeout(1_000)), []);
  assert.deepEqual(nodeIds.map(mayReach), [false, false]);
  const keys = await store.list("/", { timeoutMs: 1_000, signal: AbortSignal.timeout(1_000) });
  assert.deepEqual(
    keys.map(({ key }) => key),
    [accessEnforcedKey],
  );
});

type Api = ReturnType<TestControlPlane["api"]>;

async function checkChanges(api: Api, instanceId: string): Promise<void> {
  assert.equal((await api.updateInstance({ instanceId, name: "renamed", tags: ["a"] })).name, "renamed");
  const { totalCount } = await api.listInstances({ name: "name", tags: ["a"] });
  assert.equal(totalCount, 1);
  const { rules } = await api.setInstanceACLRules({
    instanceId,
    rules: [{ ip: "192.0.2.7/24", description: "" }],
  });
  assert.deepEqual(
    rules.map(({ ip, description }) => [ip, description]),
    [["192.0.2.0/24", "IP allowed"]],
  );
  await waitFor(async () => (await api.getInstance({ instanceId })).status === "ready", {
    what: "configured",
    timeoutMs: 5_000,
  });
  assert.match(await (await api.getInstanceCertificate({ instanceId })).text(), /BEGIN CERTIFICATE/);
  assert.ok((await api.listNodeTypes({ includeDisabledTypes: false })).totalCount > 3);
  assert.ok((await api.listDatabaseEngines()).engines[0]?.versions.length);
}

async function isGone(api: Api, instanceId: string): Promise<true | undefined> {
  return await api.getInstance({ instanceId }).then(
    () => undefined,
    (error: Error) => (error.name === "ResourceNotFoundError" ? true : Promise.reject(error)),
  );
}

async function verifiers(db: { query(sql: string): Promise<{ rowCount: number | null }> }) {
  return (await db.query("select from instances where admin_verifier is not null")).rowCount;
}

test("bad input is refused in the wire's shapes and leaves nothing behind", async () => {
  await using platform = await startTestControlPlane();
  const { urls, key } = platform;
  const base = `${urls[0]}/rdb/v1/regions/fr-par`;
  const headers = { "x-auth-token": key.secretKey, "content-type": "application/json; charset=utf-8" };
  const post = async (body: string) => {
    const response = await fetch(`${base}/instances`, { method: "POST", headers, body });
    assert.equal(response.headers.get("content-type"), "application/json");
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const good = { engine: "postgresql-15", node_type: "db-dev-s", user_name: "u", password };
  const cases: [object, string][] = [
    [{ engine: "PostgreSQL-99" }, "engine"],
    [{ node_type: "huge" }, "node_type"],
    [{ name: "x".repeat(256) }, "name"],
    [{ name: "a\u0007b" }, "name"],
    [{ name: "a\ud800b" }, "name"],
    [{ name: "a\u202eb" }, "name"],
    [{ name: 5 }, "name"],
    [{ tags: Array(101).fill("x") }, "tags"],
    [{ tags: ["x".repeat(256)] }, "tags.0"],
    [{ volume_size: "much" }, "volume_size"],
    [{ volume_size: -1 }, "volume_size"],
    [{ init_endpoints: [{}] }, "init_endpoints"],
    [{ password: "short" }, "password"],
    [{ user_name: "pg_me" }, "user_name"],
    [{ volume_type: "sbs_5k" }, "volume_type"],
    [{ engine: 15 }, "engine"],
  ];
  for (const [change, field] of cases) {
    const { status, body } = await post(JSON.stringify({ ...good, ...change }));
    assert.equal(status, 400, field);
    assert.equal(body.type, "invalid_arguments");
    assert.deepEqual(
      body.details.map((detail: { argument_name: string }) => detail.argument_name),
      [field],
    );
  }
  assert.equal((await post("{")).body.type, "invalid_arguments");
  assert.equal((await post(JSON.stringify({ name: "x".repeat(300_000) }))).status, 413);
  const get = async (path: string, token: string = key.secretKey) => {
    const response = await fetch(`${urls[0]}${path}`, { headers: { "x-auth-token": token } });
    return [response.status, JSON.parse(await response.text()).type];
  };
  const instances = "/rdb/v1/regions/fr-par/instances";
  assert.deepEqual(await get("/rdb/v1/regions/nl-ams/instances"), [400, "invalid_arguments"]);
  assert.deepEqual(await get("/rdb/v1/regions/fr-par/backups"), [501, "not_implemented"]);
  assert.deepEqual(await get(`${instances}/nonsense`), [404, "not_found"]);
  assert.deepEqual(await get(instances, "nonsense"), [401, "denied_authentication"]);
  assert.deepEqual(await get(instances, crypto.randomUUID()), [401, "denied_authentication"]);
  await platform.db.query("update api_keys set expires_at = now()");
  assert.deepEqual(await get(instances), [401, "denied_authentication"]);
  assert.equal((await platform.db.query("select from instances")).rowCount, 0);
});

test("whatever is asked, the answer has the wire's shape and says what is wrong", async () => {
  await using platform = await startTestControlPlane();
  const ask = async (method: string, path: string, body?: string) => {
    const headers = { "x-auth-token": platform.key.secretKey, "content-type": "application/json" };
    const url = `${platform.urls[0]}/rdb/v1/regions/fr-par${path}`;
    const response = await fetch(url, { method, headers, ...(body && { body }) });
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.match(response.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
    const { type, message } = JSON.parse(await response.text());
    return [response.status, type ?? message];
  };
  assert.deepEqual(await ask("GET", `/instances/${"a".repeat(300)}`), [404, "not_found"]);
  assert.deepEqual(await ask("GET", "/instances/%zz"), [400, "invalid_arguments"]);
  assert.deepEqual(await ask("POST", "/backups", "{"), [501, "not_implemented"]);
  assert.deepEqual(await ask("GET", "/instances?order_by=sideways"), [400, "invalid_arguments"]);
  assert.deepEqual(await ask("GET", "/instances?order_by=&name=&tags="), [200, undefined]);
  const other = { organization_id: crypto.randomUUID(), engine: "PostgreSQL-15", node_type: "db-dev-s" };
  assert.deepEqual(await ask("POST", "/instances", JSON.stringify(other)), [403, "permissions_denied"]);
});

test("actions in a transient state are refused, except deleting", async () => {
  await using platform = await startTestControlPlane();
  const api = platform.api();
  const { id: instanceId } = await api.createInstance({ ...wantedInstance, isHaCluster: false });
  const named = { name: "TransientStateError" };
  await assert.rejects(api.updateInstance({ instanceId, name: "x" }), named);
  await assert.rejects(api.addInstanceACLRules({ instanceId, rules: [] }), named);
  await api.deleteInstance({ instanceId });
  await waitFor(() => isGone(api, instanceId), { what: "404", timeoutMs: 8_000 });
});

test("creation is refused when its nodes cannot be kept apart", async () => {
  await using platform = await startTestControlPlane();
  await platform.compute.kill("host-2");
  await platform.compute.kill("host-3");
  await assert.rejects(platform.api().createInstance(wantedInstance), { name: "OutOfStockError" });
});

test("an instance whose nodes find no room says so, and goes on when there is some", async () => {
  await using platform = await startTestControlPlane();
  const { startNode } = platform.compute;
  const fault = { code: "volume-full", neededBytes: 1e9, freeBytes: 2e7 } as const;
  const full = async () => Promise.reject(new ComputeError(fault));
  Object.assign(platform.compute, { startNode: full });
  const { id } = await platform.api().createInstance(wantedInstance);
  const reason = async () => {
    const { rows } = await platform.db.query("select status_reason from instances where id = $1", [id]);
    return String(rows[0]?.status_reason);
  };
  const isTold = async () => (await reason()).endsWith("the disk has 20 MB free and 1000 MB are needed");
  await waitFor(isTold, { what: "the reason", timeoutMs: 8_000 });
  Object.assign(platform.compute, { startNode });
  await untilReady(platform, id);
  assert.equal(await reason(), "");
});

test("an endpoint gets no port that another program has", async () => {
  await using platform = await startTestControlPlane();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(20_000, "127.0.0.1", resolve));
  const { id: instanceId } = await platform.api().createInstance({ ...wantedInstance, isHaCluster: false });
  await new Promise((resolve) => squatter.close(resolve));
  const { endpoints } = await untilReady(platform, instanceId);
  assert.equal(endpoints[0]?.port, 20_001);
});

test("the endpoint can be deleted and added again, and is never there twice", async () => {
  await using platform = await startTestControlPlane();
  const api = platform.api();
  const { id: instanceId } = await api.createInstance({ ...wantedInstance, isHaCluster: false });
  const [first] = (await untilReady(platform, instanceId)).endpoints;
  const endpointId = first?.id ?? "";
  assert.deepEqual(await api.getEndpoint({ endpointId }), first);
  const endpointSpec = { loadBalancer: {} };
  await assert.rejects(api.createEndpoint({ instanceId, endpointSpec }), { name: "InvalidArgumentsError" });
  await api.deleteEndpoint({ endpointId });
  await assert.rejects(api.getEndpoint({ endpointId }), { name: "ResourceNotFoundError" });
  assert.deepEqual((await untilReady(platform, instanceId)).endpoints, []);
  const second = await api.createEndpoint({ instanceId, endpointSpec });
  assert.notEqual(second.id, endpointId);
  assert.equal((await untilReady(platform, instanceId)).endpoints[0]?.id, second.id);
  await api.setInstanceACLRules({ instanceId, rules: [{ ip: "10.0.0.0/8", description: "" }] });
  await untilReady(platform, instanceId);
  assert.equal(platform.probed.length, 2, "each endpoint was asked, and no more often");
});

test("lists come in pages", async () => {
  await using platform = await startTestControlPlane();
  const api = platform.api();
  for (const name of ["a", "b", "c"])
    await api.createInstance({ ...wantedInstance, name, isHaCluster: false });
  const page = (number: number) => api.listInstances({ orderBy: "name_asc", pageSize: 2, page: number });
  const names = async (number: number) => (await page(number)).instances.map(({ name }) => name);
  assert.deepEqual([await names(1), await names(2), await names(3)], [["a", "b"], ["c"], []]);
  assert.equal((await page(2)).totalCount, 3);
  assert.equal((await api.listInstances().all()).length, 3);
});

test("hosts need a key, health needs none", async () => {
  await using platform = await startTestControlPlane();
  const read = async (path: string, token: string) => {
    const response = await fetch(`${platform.urls[0]}/mainstay/v1/${path}`, {
      headers: { "x-auth-token": token },
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  assert.equal((await read("hosts", "nonsense")).status, 401);
  const { hosts } = (await read("hosts", platform.key.secretKey)).body;
  assert.deepEqual(hosts[0], { id: "host-1", zone: "fr-par-1", state: "running", nodes: [] });
  const healthy = async () => (await read("health", "")).status === 200;
  await waitFor(healthy, { what: "health", timeoutMs: 5_000 });
  assert.deepEqual((await read("health", "")).body, { status: "ok", database: true, store: true });
});

test("a key and the right region are asked for, however the path is spelled", async () => {
  await using platform = await startTestControlPlane();
  const status = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { "x-auth-token": token };
    return (await fetch(`${platform.urls[0]}${path}`, { headers })).status;
  };
  assert.equal(await status("/%6dainstay/v1/hosts"), 401);
  assert.equal(await status("/%72db/v1/regions/fr-par/node-types"), 401);
  const elsewhere = "/rdb/v1/%72egions/nl-ams/node-types";
  assert.equal(await status(elsewhere, platform.key.secretKey), 400);
  assert.equal(await status(elsewhere.replace("nl-ams", "fr%2Dpar"), platform.key.secretKey), 200);
});

test("two replicas over one database share the work", async () => {
  await using platform = await startTestControlPlane({ replicas: 2 });
  const create = (index: number) =>
    platform.api(index % 2).createInstance({ ...wantedInstance, name: `i${index}` });
  const created = await Promise.all([0, 1, 2, 3].map(create));
  await Promise.all(created.map(({ id }) => untilReady(platform, id)));
  const { instances } = await platform.api(1).listInstances();
  assert.deepEqual(new Set(instances.map(({ status }) => status)), new Set(["ready"]));
  assert.equal((await platform.db.query("select from metering where event = 'started'")).rowCount, 4);
  assert.equal((await platform.compute.nodes(AbortSignal.timeout(1_000))).length, 8);
});

test("the OpenAPI document and its page are served", async () => {
  await using platform = await startTestControlPlane();
  const { Validator } = await import("@seriousme/openapi-schema-validator");
  const document = JSON.parse(await (await fetch(`${platform.urls[0]}/openapi.json`)).text());
  const result = await new Validator().validate(document);
  assert.ok(result.valid, JSON.stringify(result.errors));
  assert.equal((await fetch(`${platform.urls[0]}/docs/`)).status, 200);
});

test("a control plane that starts later goes on with an instance that another left half-made", async () => {
  await using platform = await startTestControlPlane();
  const { id } = await platform.api().createInstance(wantedInstance);
  await platform.planes[0]?.[Symbol.asyncDispose]();
  await using second = await platform.restart();
  const api = rdbAt(second.url, platform.key, platform.projectId);
  const serves = () => serve(platform.store, id);
  await waitFor(serves, { what: "spec", timeoutMs: 10_000 });
  const isReady = async () => (await api.getInstance({ instanceId: id })).status === "ready";
  await waitFor(isReady, { what: "ready", timeoutMs: 10_000 });
});
