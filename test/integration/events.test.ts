/** Events on their way from a real etcd into a real PostgreSQL, and out through the API. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { collectEvents } from "@mainstay/control-plane/events/collect-events.ts";
import { openDatabase } from "@mainstay/control-plane/store/database.ts";
import { deleteOldEvents, recordEvent } from "@mainstay/control-plane/store/events.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { createEventLog } from "@mainstay/dcs/event-log.ts";
import { eventKeys, eventsPrefix, instanceKeys } from "@mainstay/dcs/keys.ts";
import type { NewEvent } from "@mainstay/domain/event.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startTestControlPlane, wantedInstance } from "../kit/control-plane.ts";
import { startEtcd } from "../kit/etcd.ts";
import { untilReady } from "../kit/played-agents.ts";

await using parts = new AsyncDisposableStack();
const platform = parts.use(await startTestControlPlane());
const etcd = parts.use(await startEtcd());
const store = parts.use(connectEtcd(etcd.settings));
const db = openDatabase(platform.database, () => {});
parts.defer(() => db.destroy());
const ending = parts.move();
after(() => ending.disposeAsync());
const { signal } = new AbortController();
const options = { timeoutMs: 2_000, signal };

const { id } = await platform.api().createInstance({ ...wantedInstance, isHaCluster: false });
const { revision } = await store.transact([], [{ put: instanceKeys(id).spec, value: "{}" }], options);
const decided: NewEvent = {
  kind: "decision",
  action: "promote",
  reason: "leads",
  term: 2,
  inputs: { a: null },
};

test("what waited while no control plane ran is read once by two that start together", async () => {
  const log = logOf("pg-0a1b2c3d-1");
  for (let count = 0; count < 120; count++) log.record(id, decided);
  await log.flush(signal);
  const settle = log.record(id, decided);
  await log.flush(signal);
  await collecting(2);
  settle({ tookMs: 12, failure: "no room" });
  await log.flush(signal);
  await collecting(2);
  const own = "select from instance_events where source = 'pg-0a1b2c3d-1'";
  assert.equal((await platform.db.query(own)).rowCount, 121);
  const { events } = (await get("events?page_size=10")).body;
  const last = events.find(({ source }: { source: string }) => source === viewed.source);
  assert.deepEqual({ ...last, at: "", id: "" }, { ...viewed, took_ms: 12, failure: "no room" });
});

test("an event that cannot be read is said and goes, the others stay", async () => {
  const { prefix } = eventKeys(id);
  await store.transact([], [{ put: `${prefix}pg-0a1b2c3d-1/broken`, value: "{" }], options);
  const log = logOf("pg-0a1b2c3d-2");
  log.record(id, decided);
  await log.flush(signal);
  await collecting(1);
  const { body } = await get("events?page_size=10");
  const sources = body.events.map(({ source }: { source: string }) => source);
  assert.ok(sources.includes("pg-0a1b2c3d-2"));
  assert.ok(platform.log.lines.some((line) => line.startsWith("an event cannot be read")));
});

test("the control plane's own steps are in the timeline, in the order of time", async () => {
  await untilReady(platform, id);
  const { body } = await get("events?page_size=100&page=2&order_by=at_asc");
  const own = body.events.filter(({ source }: { source: string }) => source === "control-plane");
  const first = (await get("events?page_size=1&order_by=at_asc")).body.events[0];
  assert.equal(first.action, "provisioning");
  assert.ok(own.some(({ action }: { action: string }) => action === "ready"));
  const times = body.events.map(({ at }: { at: string }) => at);
  assert.deepEqual(times, times.toSorted());
});

test("events are filtered by time, and a time that is none is refused", async () => {
  const at = "2026-01-01T00:00:00.000Z";
  await recordEvent(db, id, { ...decided, at });
  const { body } = await get("events?until=2026-01-02T00:00:00Z&since=2025-12-31T23:00:00-01:00");
  assert.deepEqual(
    body.events.map((one: { at: string }) => one.at),
    [at],
  );
  for (const query of ["since=yesterday", "until=2026-13-01T00:00:00Z", "order_by=up", "page=x"]) {
    const refused = await get(`events?${query}`);
    assert.equal(refused.status, 400, query);
    assert.equal(refused.body.details[0].argument_name, query.split("=")[0]);
  }
  assert.equal((await get("events", crypto.randomUUID())).status, 404);
});

test("events of a failover are read as an incident", async () => {
  const inputs = { lockHolder: "pg-0a1b2c3d-1", lockPhase: "serving", lockAgeMs: 2_000 };
  const log = logOf("pg-0a1b2c3d-2");
  log.record(id, { ...decided, action: "claim", term: 7, tookMs: 5, inputs });
  const routed = { ...decided, kind: "route", action: "route", term: 7, inputs: { sessionsCut: 4 } } as const;
  const balancer = logOf("balancer");
  balancer.record(id, { ...routed, tookMs: 3 });
  for (const each of [log, balancer]) await each.flush(signal);
  await collecting(1);
  const { body } = await get("incidents?page_size=1");
  const [incident] = body.incidents;
  assert.equal(body.total_count, 1);
  assert.deepEqual([incident.kind, incident.leader_after], ["failover", "pg-0a1b2c3d-2"]);
  assert.equal(incident.sessions_cut, 4);
  assert.ok(incident.write_gap_ms >= 2_000);
  assert.deepEqual((await get("incidents?since=2099-01-01T00:00:00Z")).body.incidents, []);
  assert.equal((await get("incidents?since=soon")).body.details[0].argument_name, "since");
  assert.equal((await get("incidents", crypto.randomUUID())).status, 404);
});

test("events older than 30 days go, younger ones stay", async () => {
  const before = (await get("events")).body.total_count;
  const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
  await recordEvent(db, id, { ...decided, at: days(31) });
  await recordEvent(db, id, { ...decided, at: days(29) });
  await deleteOldEvents(db);
  const old = (await get(`events?until=${days(30)}`)).body.total_count;
  assert.equal(old, 0);
  assert.ok((await get("events")).body.total_count <= before + 1);
});

test("a deleted instance takes its events along, and late ones are passed over", async () => {
  await platform.api().deleteInstance({ instanceId: id });
  const rows = async () => (await platform.db.query("select from instance_events")).rowCount;
  await waitFor(async () => (await rows()) === 0, { what: "no rows", timeoutMs: 8_000 });
  const log = logOf("balancer");
  log.record(id, decided);
  await log.flush(signal);
  await collecting(1);
  assert.equal(await rows(), 0);
});

const viewed = { ...decided, id: "", at: "", source: "pg-0a1b2c3d-1", took_ms: null, failure: null };

function logOf(source: string) {
  const guardOf = () => ({ kind: "exists", specRevision: revision }) as const;
  return createEventLog({
    store,
    source,
    runId: randomUUID(),
    guardOf,
    now: () => new Date(),
    onRecord: () => {},
  });
}

async function isEmpty(): Promise<boolean> {
  return (await store.list(eventsPrefix, options)).length === 0;
}

/** Runs collectors until nothing waits for them. */
async function collecting(count: number): Promise<void> {
  const over = new AbortController();
  const ports = { db, store, log: platform.log };
  const running = Array.from({ length: count }, () => collectEvents(ports, over.signal));
  try {
    await waitFor(isEmpty, { what: "collected events", timeoutMs: 5_000 });
  } finally {
    over.abort();
    await Promise.all(running);
  }
}

function get(path: string, instanceId = id) {
  return platform.call("GET", `/mainstay/v1/instances/${instanceId}/${path}`);
}
