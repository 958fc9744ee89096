/** What every Store promises, as tests: called with a factory by the unit and the integration tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import type { CallOptions, Store, StoredValue, WatchEvent } from "./store.ts";

const options: CallOptions = { timeoutMs: 5_000, signal: new AbortController().signal };

/** `open` gives a store whose keys below /contract/ are used by nobody else. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  test(`${name}: an absent key is undefined, a put one has its revision`, async () => {
    await using store = await open();
    assert.equal(await store.get("/contract/a", options), undefined);
    const put = await store.transact([], [{ put: "/contract/a", value: "1" }], options);
    assert.ok(put.succeeded);
    assert.deepEqual(await store.get("/contract/a", options), value("/contract/a", "1", put.revision));
    await clean(store);
  });

  test(`${name}: a compare-and-swap on an old revision changes nothing and shows the current value`, async () => {
    await using store = await open();
    const first = await store.transact(
      [absent("/contract/b")],
      [{ put: "/contract/b", value: "1" }],
      options,
    );
    assert.ok(first.succeeded);
    const late = await store.transact(
      [absent("/contract/b")],
      [
        { put: "/contract/b", value: "2" },
        { put: "/contract/c", value: "2" },
      ],
      options,
    );
    assert.ok(!late.succeeded);
    assert.deepEqual(late.current, [value("/contract/b", "1", first.revision)]);
    assert.equal(await store.get("/contract/c", options), undefined);
    await clean(store);
  });

  test(`${name}: all writes of a transaction happen at one revision`, async () => {
    await using store = await open();
    const both = await store.transact(
      [],
      [
        { put: "/contract/x/1", value: "a" },
        { put: "/contract/x/2", value: "b" },
      ],
      options,
    );
    assert.ok(both.succeeded);
    assert.deepEqual(await store.list("/contract/x/", options), [
      value("/contract/x/1", "a", both.revision),
      value("/contract/x/2", "b", both.revision),
    ]);
    await clean(store);
  });

  test(`${name}: of two claims on the same revision exactly one succeeds`, async () => {
    await using store = await open();
    const claim = (holder: string) =>
      store.transact([absent("/contract/lock")], [{ put: "/contract/lock", value: holder }], options);
    const claims = await Promise.all([claim("a"), claim("b"), claim("c")]);
    assert.equal(claims.filter(({ succeeded }) => succeeded).length, 1);
    await clean(store);
  });

  test(`${name}: a watch shows a snapshot, then every change below its prefix in order`, async () => {
    await using store = await open();
    await store.transact([], [{ put: "/contract/w/1", value: "old" }], options);
    const controller = new AbortController();
    const events: WatchEvent[] = [];
    const watching = store.watch(
      "/contract/w/",
      (event) => void (event.kind !== "alive" && events.push(event)),
      controller.signal,
    );
    await reach(events, 1);
    await store.transact([], [{ put: "/contract/w/1", value: "new" }], options);
    await store.transact([], [{ put: "/contract/elsewhere", value: "x" }], options);
    await store.transact([], [{ deletePrefix: "/contract/w/" }], options);
    await reach(events, 3);
    controller.abort();
    await watching;
    assert.deepEqual(events.map(summary), [
      "snapshot /contract/w/1=old",
      "put /contract/w/1=new",
      "delete /contract/w/1",
    ]);
    await clean(store);
  });

  test(`${name}: a snapshot is followed by nothing that it already shows`, async () => {
    await using store = await open();
    const controller = new AbortController();
    const seen: string[] = [];
    const writing = store.transact([], [{ put: "/contract/s/1", value: "shown" }], options);
    const watching = store.watch(
      "/contract/s/",
      (event) => void seen.push(summary(event)),
      controller.signal,
    );
    await writing;
    await waitFor(() => seen.some((line) => line.endsWith("1=shown")), {
      what: "the value",
      timeoutMs: 10_000,
    });
    await waitFor(() => seen.includes("alive"), { what: "a sign of life", timeoutMs: 10_000 });
    controller.abort();
    await watching;
    assert.equal(seen.filter((line) => line.endsWith("1=shown")).length, 1);
    await clean(store);
  });

  test(`${name}: a watch that was ended before it began shows nothing, and disposing ends a watch`, async () => {
    const store = await open();
    const seen: WatchEvent[] = [];
    await store.watch("/contract/e/", (event) => void seen.push(event), AbortSignal.abort());
    assert.equal(seen.length, 0);
    const watching = store.watch("/contract/e/", (event) => void seen.push(event), options.signal);
    await reach(seen, 1);
    await store[Symbol.asyncDispose]();
    await watching;
  });
}

const absent = (key: string) => ({ key, modRevision: undefined });

function value(key: string, text: string, modRevision: bigint): StoredValue {
  return { key, value: text, modRevision };
}

async function clean(store: Store): Promise<void> {
  await store.transact([], [{ deletePrefix: "/contract/" }], options);
}

async function reach(events: readonly WatchEvent[], count: number): Promise<void> {
  await waitFor(() => events.length >= count, { what: `event ${count}`, timeoutMs: 10_000 });
}

function summary(event: WatchEvent): string {
  switch (event.kind) {
    case "snapshot":
      return `snapshot ${event.values.map(({ key, value: text }) => `${key}=${text}`).join(" ")}`;
    case "put":
      return `put ${event.value.key}=${event.value.value}`;
    case "delete":
      return `delete ${event.key}`;
    case "alive":
    case "lost":
      return event.kind;
  }
}
