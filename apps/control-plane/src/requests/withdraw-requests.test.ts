import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsPrefix, instanceKeys } from "@mainstay/dcs/keys.ts";
import { createMemoryStore } from "@mainstay/dcs/memory-store.ts";
import { parseEvent } from "@mainstay/dcs/records.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { withdrawRequests } from "./withdraw-requests.ts";

const limits = () => ({ timeoutMs: 1_000, signal: AbortSignal.timeout(1_000) });

test("a request and the event of its withdrawal change places in one transaction", async () => {
  const store = createMemoryStore();
  const key = instanceKeys("i").switchover;
  const { revision = 0n } = await store.transact([], [{ put: key, value: "{}" }], limits());
  const ended = new AbortController();
  const observed = { requests: () => [{ instanceId: "i", revision, forMs: 60_000, request: undefined }] };
  const running = withdrawRequests({ store, observed, log: createLog("test") }, 60_000, ended.signal);
  const found = await waitFor(
    async () => ((await store.get(key, limits())) ? undefined : await store.list(eventsPrefix, limits())),
    { what: "the withdrawal", timeoutMs: 5_000, everyMs: 1 },
  );
  ended.abort();
  await running;
  const told = found.map(({ value }) => parseEvent(value));
  assert.deepEqual(
    told.map(({ source, kind, action }) => [source, kind, action]),
    [["control-plane", "status", "withdraw-request"]],
  );
  assert.equal((await store.list(eventsPrefix, limits())).length, 1, "told once, however often it is seen");
});
