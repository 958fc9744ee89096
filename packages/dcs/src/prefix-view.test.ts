import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "./memory-store.ts";
import { openPrefixView } from "./prefix-view.ts";

const options = { timeoutMs: 1_000, signal: new AbortController().signal };

test("a view follows puts and deletes, and remembers when it saw each revision", async () => {
  const store = createMemoryStore();
  const controller = new AbortController();
  let nowMs = 100;
  let changes = 0;
  const view = openPrefixView(
    store,
    "/a/",
    () => void changes++,
    controller.signal,
    () => nowMs,
  );
  nowMs = 200;
  await store.transact([], [{ put: "/a/lock", value: "1" }], options);
  await store.transact([], [{ put: "/b/other", value: "1" }], options);
  assert.deepEqual(
    [...view.values].map(([key, { changedAtMs }]) => [key, changedAtMs]),
    [["/a/lock", 200]],
  );
  await store.transact([], [{ delete: "/a/lock" }], options);
  assert.equal(view.values.size, 0);
  assert.equal(changes, 3);
  controller.abort();
  await view.ended;
});

test("a revision seen before an outage keeps its age after it, a newer one does not", async () => {
  const store = createMemoryStore();
  const controller = new AbortController();
  let nowMs = 0;
  await store.transact([], [{ put: "/a/old", value: "1" }], options);
  const view = openPrefixView(
    store,
    "/a/",
    () => {},
    controller.signal,
    () => nowMs,
  );
  store.setAway(true);
  assert.equal(view.isLive, false);
  nowMs = 5_000;
  store.setAway(false);
  await store.transact([], [{ put: "/a/new", value: "1" }], options);
  assert.equal(view.isLive, true);
  assert.equal(view.values.get("/a/old")?.changedAtMs, 0);
  assert.equal(view.values.get("/a/new")?.changedAtMs, 5_000);
  controller.abort();
  await view.ended;
});
