/** Every field of the routes that there are, through plain HTTP and through the unmodified SDK. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startTestControlPlane, type TestControlPlane } from "../kit/control-plane.ts";
import { password } from "../kit/node.ts";
import { untilReady } from "../kit/played-agents.ts";

const wanted = { engine: "PostgreSQL-15", node_type: "db-dev-s", user_name: "u", password };

function rawOf({ call }: TestControlPlane) {
  return (method: string, path: string, body?: object) => call(method, `/rdb/v1/regions/fr-par${path}`, body);
}

async function createReady(platform: TestControlPlane, changes: object = {}) {
  const raw = rawOf(platform);
  const created = (await raw("POST", "/instances", { ...wanted, ...changes })).body;
  await untilReady(platform, created.id);
  return { created, ready: (await raw("GET", `/instances/${created.id}`)).body };
}

test("an instance has every field of the wire, before and after it is ready", async () => {
  await using platform = await startTestControlPlane();
  const { created, ready } = await createReady(platform, {
    name: "cli-test",
    node_type: "DB-DEV-S",
    tags: null,
    init_settings: null,
    init_endpoints: null,
    volume_type: "lssd",
    volume_size: 0,
    encryption: { enabled: false },
    a_field_of_tomorrow: 1,
  });
  const organization = (await platform.db.query("select organization_id from api_keys")).rows[0];
  const due = new Date(Date.parse(created.created_at) + 24 * 3600_000).toISOString().replace("Z", "000Z");
  const common = {
    id: created.id,
    name: "cli-test",
    organization_id: organization?.organization_id,
    project_id: platform.projectId,
    region: "fr-par",
    engine: "PostgreSQL-15",
    node_type: "db-dev-s",
    volume: { type: "lssd", class: "lssd", size: 5_000_000_000 },
    tags: [],
    init_settings: [],
    backup_schedule: { frequency: 24, retention: 7, disabled: false, next_run_at: due },
    backup_same_region: false,
    is_ha_cluster: false,
    high_availability_mode: "disabled",
    read_replicas: [],
    logs_policy: { max_age_retention: 30, total_disk_retention: null },
    maintenances: [],
    encryption: { enabled: false },
    created_at: created.created_at,
  };
  assert.match(created.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const unmade = {
    status: "provisioning",
    endpoint: null,
    endpoints: [],
    settings: [],
    upgradable_version: [],
  };
  assert.deepEqual(created, { ...common, ...unmade });
  const endpoint = { id: ready.endpoint.id, ip: "127.0.0.1", port: 20_000, name: null, load_balancer: {} };
  const upgradable = ["16", "17"].map((version, index) => ({
    id: ready.upgradable_version[index].id,
    name: `PostgreSQL-${version}`,
    version,
    minor_version: `${version}.0`,
  }));
  const { settings } = ready;
  assert.ok(settings.every((setting: { value: unknown }) => typeof setting.value === "string"));
  const made = { status: "ready", endpoint, endpoints: [endpoint], settings, upgradable_version: upgradable };
  assert.deepEqual(ready, { ...common, ...made });
  for (const { id } of upgradable)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("the backup schedule is kept as it is set, its hour shows in when it is due", async () => {
  await using platform = await startTestControlPlane();
  const api = platform.api();
  const { created } = await createReady(platform, { disable_backup: true, backup_same_region: true });
  assert.equal(created.backup_same_region, true);
  assert.deepEqual(created.backup_schedule, {
    frequency: 24,
    retention: 7,
    disabled: true,
    next_run_at: null,
  });
  const instanceId = created.id;
  const changed = await api.updateInstance({
    instanceId,
    isBackupScheduleDisabled: false,
    backupScheduleFrequency: 12,
    backupScheduleRetention: 30,
    backupScheduleStartHour: 3,
    backupSameRegion: false,
  });
  const { nextRunAt, ...schedule } = changed.backupSchedule ?? {};
  assert.deepEqual(schedule, { frequency: 12, retention: 30, disabled: false });
  assert.ok(nextRunAt && nextRunAt.getTime() > Date.now());
  assert.deepEqual([nextRunAt.getUTCHours(), nextRunAt.getUTCMinutes()], [3, 0]);
  assert.equal(changed.backupSameRegion, false);
  const same = await api.updateInstance({ instanceId, backupScheduleFrequency: 12 });
  assert.deepEqual(same.backupSchedule, changed.backupSchedule);
  const raw = rawOf(platform);
  const policy = { logs_policy: { max_age_retention: null, total_disk_retention: 1_000_000 } };
  const patched = (await raw("PATCH", `/instances/${instanceId}`, policy)).body;
  assert.deepEqual(patched.logs_policy, policy.logs_policy);
  assert.deepEqual((await raw("PATCH", `/instances/${instanceId}`, {})).body, patched);
  for (const field of [
    "backup_schedule_frequency",
    "backup_schedule_retention",
    "backup_schedule_start_hour",
  ]) {
    const refused = await raw("PATCH", `/instances/${instanceId}`, { [field]: -1 });
    assert.deepEqual([refused.status, refused.body.details[0].argument_name], [400, field]);
  }
});

test("engines have their settings, newest version first, and can be filtered", async () => {
  await using platform = await startTestControlPlane();
  const api = platform.api();
  const { engines, totalCount } = await api.listDatabaseEngines();
  assert.deepEqual([engines.length, totalCount, engines[0]?.name], [1, 1, "PostgreSQL"]);
  const versions = engines[0]?.versions ?? [];
  assert.deepEqual(
    versions.map(({ name }) => name),
    ["PostgreSQL-17", "PostgreSQL-16", "PostgreSQL-15"],
  );
  assert.equal(versions[0]?.endOfLife?.getUTCFullYear(), 2029);
  const { body } = await rawOf(platform)("GET", "/database-engines?version=15&name=postgresql");
  const [version, ...others] = body.engines[0].versions;
  assert.deepEqual(others, []);
  assert.deepEqual(version.available_init_settings, []);
  assert.deepEqual(version.available_settings, [
    {
      name: "work_mem",
      default_value: "4",
      hot_configurable: true,
      description: "Sets the maximum memory to be used for query workspaces.",
      property_type: "INT",
      unit: "MB",
      string_constraint: null,
      int_min: 1,
      int_max: 2_097_151,
      float_min: null,
      float_max: null,
    },
  ]);
  const nothing = { engines: [], total_count: 0 };
  assert.deepEqual((await rawOf(platform)("GET", "/database-engines?version=9.6")).body, nothing);
  assert.deepEqual((await rawOf(platform)("GET", "/database-engines?name=MySQL")).body, nothing);
});

test("instances are listed by every filter and in every order", async () => {
  await using platform = await startTestControlPlane();
  const raw = rawOf(platform);
  const make = (name: string, tags: string[]) => raw("POST", "/instances", { ...wanted, name, tags });
  await make("b-orders", ["x", "y"]);
  await make("c-orders", ["x"]);
  await make("a-stock", []);
  const names = async (query: string) => {
    const { body } = await raw("GET", `/instances?${query}`);
    return body.instances.map(({ name }: { name: string }) => name.slice(0, 1)).join("");
  };
  const { projectId } = platform;
  const organization = (await platform.db.query("select organization_id from api_keys")).rows[0];
  const organizationId = String(organization?.organization_id);
  const expected: Record<string, string> = {
    "": "bca",
    "order_by=created_at_desc": "acb",
    "order_by=name_asc": "abc",
    "order_by=name_desc": "cba",
    "name=orders": "bc",
    "name=": "bca",
    "tags=x": "bc",
    "tags=x&tags=y": "b",
    "has_maintenances=true": "",
    "has_maintenances=false": "bca",
    [`project_id=${projectId}`]: "bca",
    "project_id=": "bca",
    [`project_id=${crypto.randomUUID()}`]: "",
    [`organization_id=${crypto.randomUUID()}`]: "",
    "page=2&page_size=2&order_by=name_asc": "c",
    "page=&page_size=": "bca",
    [`organization_id=${organizationId.toUpperCase()}`]: "bca",
    "name=%25": "",
    "name=%00": "",
    "tags=%00": "",
  };
  for (const [query, found] of Object.entries(expected)) assert.equal(await names(query), found, query);
  for (const order of ["region", "status_asc", "status_desc"]) {
    assert.equal((await names(`order_by=${order}`)).length, 3, order);
  }
});

test("allowed ranges are added, replaced and deleted as on the wire", async () => {
  await using platform = await startTestControlPlane();
  const raw = rawOf(platform);
  const { ready } = await createReady(platform);
  const path = `/instances/${ready.id}/acls`;
  const settled = async () => {
    const isReady = async () => (await raw("GET", `/instances/${ready.id}`)).body.status === "ready";
    await waitFor(isReady, { what: "ready", timeoutMs: 5_000 });
  };
  const rule = (ip: string, description: string) => ({
    ...{ ip, port: 20_000, protocol: "tcp", direction: "inbound", action: "allow" },
    description,
  });
  const all = rule("0.0.0.0/0", "Allow All");
  assert.deepEqual((await raw("GET", path)).body, { rules: [all], total_count: 1 });
  const added = await raw("POST", path, { rules: [{ ip: "9.1.2.3/8", description: "" }] });
  assert.deepEqual([added.status, added.body], [200, { rules: [all, rule("9.0.0.0/8", "IP allowed")] }]);
  await settled();
  const rules = [
    { ip: "10.0.0.0/8", description: "b" },
    { ip: "9.0.0.7", description: "a" },
  ];
  const replaced = [rule("9.0.0.7/32", "a"), rule("10.0.0.0/8", "b")];
  assert.deepEqual((await raw("PUT", path, { rules })).body, { rules: replaced });
  await settled();
  assert.deepEqual((await raw("GET", `${path}?page=2&page_size=1`)).body, {
    rules: [replaced[1]],
    total_count: 2,
  });
  const removed = await raw("DELETE", path, { acl_rule_ips: ["10.0.0.0/8", "1.1.1.1/32"] });
  assert.deepEqual([removed.status, removed.body], [200, { rules: [replaced[1]] }]);
  assert.deepEqual((await raw("GET", `/instances/${crypto.randomUUID()}/acls`)).body.resource, "instance");
});

test("the certificate is a file, or bytes when they are asked for", async () => {
  await using platform = await startTestControlPlane();
  const { ready } = await createReady(platform);
  const { body } = await rawOf(platform)("GET", `/instances/${ready.id}/certificate`);
  assert.deepEqual([body.name, body.content_type], ["ssl_certificate", "application/x-pem-file"]);
  const pem = Buffer.from(body.content, "base64").toString();
  assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
  const blob = await platform.api().getInstanceCertificate({ instanceId: ready.id });
  assert.equal(await blob.text(), pem);
});

test("node types have every field", async () => {
  await using platform = await startTestControlPlane();
  const { body } = await rawOf(platform)("GET", "/node-types?include_disabled_types=false&page_size=1");
  assert.ok(body.total_count > 3);
  const size = { min_size: 5_000_000_000, max_size: 5_000_000_000 };
  const description = "local storage, its size comes with the node type";
  assert.deepEqual(body.node_types, [
    {
      name: "db-dev-s",
      stock_status: "available",
      description: "2 vCPU, 2 GiB of memory, 5 GB of local storage",
      vcpus: 2,
      memory: 2 * 1024 ** 3,
      volume_constraint: size,
      is_bssd_compatible: false,
      disabled: false,
      beta: false,
      available_volume_types: [{ type: "lssd", description, ...size, chunk_size: 0, class: "lssd" }],
      is_ha_required: false,
      generation: "generation_v1",
      instance_range: "db-dev",
      region: "fr-par",
    },
  ]);
});

test("of a long list of wrong items the first are told", async () => {
  await using platform = await startTestControlPlane();
  const tags = Array.from({ length: 100_000 }, () => 1);
  const { status, body } = await rawOf(platform)("POST", "/instances", { ...wanted, tags });
  assert.deepEqual([status, body.details.length], [400, 20]);
  assert.deepEqual(body.details[0].argument_name, "tags.0");
});
