import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent } from "@mainstay/domain/event.ts";
import { createEventLog, type Guard, keptEvents } from "./event-log.ts";
import { eventKeys, instanceKeys, instanceOfEventKey } from "./keys.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";
import { parseEvent } from "./records.ts";
import { StoreError } from "./store.ts";

const id = "0a1b2c3d-0000-4000-8000-000000000001";
const source = "pg-0a1b2c3d-1";
const { signal } = new AbortController();
const options = { timeoutMs: 100, signal };
const event: NewEvent = {
  kind: "decision",
  action: "wait",
  reason: "serves",
  term: 3,
  inputs: { lockAgeMs: 7 },
};

test("an event is written as recorded, and knows its source, its time and its instance", async () => {
  const { store, log } = await setUp();
  log.record(id, event);
  await log.flush(signal);
  const [{ key = "", ...found } = {}] = await read(store);
  assert.deepEqual(found, { ...event, id: `${source}/run1-000001`, source, at: "2026-01-01T00:00:00.000Z" });
  assert.equal(instanceOfEventKey(key), id);
});

test("an outcome that comes before the flush is in the event, a later one under a key of its own", async () => {
  const { store, log } = await setUp();
  log.record(id, event)({ tookMs: 5 });
  const settle = log.record(id, event);
  await log.flush(signal);
  settle({ tookMs: 9, failure: "no room" });
  await log.flush(signal);
  const found = (await read(store)).map((one) => [one.id, one.tookMs, one.failure]);
  const [first, second] = [`${source}/run1-000001`, `${source}/run1-000002`];
  assert.deepEqual(found, [
    [first, 5, undefined],
    [second, undefined, undefined],
    [second, 9, "no room"],
  ]);
});

test("a node of an instance that is deleted brings no key back", async () => {
  const { store, log } = await setUp({ kind: "exists", specRevision: 99n });
  log.record(id, event);
  await log.flush(signal);
  assert.deepEqual(await read(store), []);
  const gone = await setUp({ kind: "gone" });
  gone.log.record(id, event);
  await gone.log.flush(signal);
  assert.deepEqual(await read(gone.store), []);
});

test("what waits while the store is away is written when it is back", async () => {
  const { store, log } = await setUp();
  store.setAway(true);
  log.record(id, event);
  await assert.rejects(log.flush(signal), StoreError);
  store.setAway(false);
  await log.flush(signal);
  assert.equal((await read(store)).length, 1);
});

test("the newest events of a source are kept, those of its earlier runs counted, and nobody else's", async () => {
  const { store, log, specRevision } = await setUp();
  const other = createEventLog({
    ...logOptions(store, { kind: "exists", specRevision }),
    source: "balancer",
  });
  other.record(id, event);
  await other.flush(signal);
  for (let count = 0; count < keptEvents; count++) log.record(id, event);
  await log.flush(signal);
  const next = createEventLog({ ...logOptions(store, { kind: "exists", specRevision }), runId: "run2" });
  for (let count = 0; count < 3; count++) next.record(id, event);
  await next.flush(signal);
  const own = (await read(store)).filter((one) => one.source === source);
  assert.equal(own.length, keptEvents);
  assert.equal(own[0]?.id, `${source}/run1-000004`);
  assert.equal(own.at(-1)?.id, `${source}/run2-000003`);
  assert.equal((await read(store)).length, keptEvents + 1);
});

async function setUp(guard?: Guard) {
  const store = createMemoryStore();
  const { revision } = await store.transact([], [{ put: instanceKeys(id).spec, value: "{}" }], options);
  const log = createEventLog(logOptions(store, guard ?? { kind: "exists", specRevision: revision }));
  return { store, log, specRevision: revision };
}

function logOptions(store: MemoryStore, guard: Guard) {
  const now = () => new Date("2026-01-01T00:00:00Z");
  return { store, source, runId: "run1", guardOf: () => guard, now, onRecord: () => {} };
}

async function read(store: MemoryStore) {
  const values = await store.list(eventKeys(id).prefix, options);
  return values
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, value }) => ({ key, ...parseEvent(value) }));
}
