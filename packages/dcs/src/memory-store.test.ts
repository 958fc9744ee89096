import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "./memory-store.ts";
import type { WatchEvent } from "./store.ts";
import { StoreError } from "./store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("memory", async () => createMemoryStore());

test("a store that is away fails calls, and a watch gets a snapshot when it is back", async () => {
  const store = createMemoryStore();
  const controller = new AbortController();
  const events: WatchEvent["kind"][] = [];
  const watching = store.watch("/", ({ kind }) => void events.push(kind), controller.signal);
  store.setAway(true);
  const options = { timeoutMs: 1_000, signal: controller.signal };
  await assert.rejects(store.get("/a", options), StoreError);
  store.setAway(false);
  controller.abort();
  await watching;
  assert.deepEqual(events, ["snapshot", "lost", "snapshot"]);
});
