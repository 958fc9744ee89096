import assert from "node:assert/strict";
import { test } from "node:test";
import { pause, TimeoutError, waitFor } from "./pause.ts";

test("a pause ends when it is aborted", async () => {
  const controller = new AbortController();
  const paused = pause(60_000, controller.signal);
  controller.abort();
  await paused;
});

test("a pause on an aborted signal ends at once", async () => {
  await pause(60_000, AbortSignal.abort());
});

test("waiting gives the first value of the condition", async () => {
  let looks = 0;
  const look = () => (++looks < 3 ? undefined : looks);
  assert.equal(await waitFor(look, { what: "third look", timeoutMs: 5_000, everyMs: 1 }), 3);
});

test("waiting for a condition ends when it holds", async () => {
  let looks = 0;
  await waitFor(() => ++looks === 3, { what: "third look", timeoutMs: 5_000, everyMs: 1 });
  assert.equal(looks, 3);
});

test("waiting in vain names the condition", async () => {
  const waiting = waitFor(() => undefined, { what: "a miracle", timeoutMs: 5, everyMs: 1 });
  await assert.rejects(waiting, new TimeoutError("no a miracle within 5 ms"));
});
