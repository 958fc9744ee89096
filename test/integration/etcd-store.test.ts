import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { StoreError, type WatchEvent } from "@mainstay/dcs/store.ts";
import { storeContract } from "@mainstay/dcs/store-contract.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { cureBy } from "../chaos/faults.ts";
import { startEtcd } from "../kit/etcd.ts";

const etcd = await startEtcd();
after(() => etcd[Symbol.asyncDispose]());

storeContract("etcd", async () => connectEtcd(etcd.settings));

test("a frozen etcd ends a call at its time limit and a watch by its silence; both go on afterwards", async () => {
  await using store = connectEtcd(etcd.settings);
  const controller = new AbortController();
  const events: WatchEvent["kind"][] = [];
  const watching = store.watch("/frozen/", ({ kind }) => void events.push(kind), controller.signal);
  await waitFor(() => events.includes("snapshot"), { what: "snapshot", timeoutMs: 5_000 });
  etcd.signal("SIGSTOP");
  await using thaw = cureBy(() => etcd.signal("SIGCONT"));
  const call = store.get("/frozen/a", { timeoutMs: 300, signal: controller.signal });
  await assert.rejects(call, (error) => error instanceof StoreError && error.fault.code === "timeout");
  await waitFor(() => events.includes("lost"), { what: "lost", timeoutMs: 10_000 });
  await thaw();
  await waitFor(() => events.lastIndexOf("snapshot") > events.indexOf("lost"), {
    what: "a snapshot after the silence",
    timeoutMs: 10_000,
  });
  assert.equal(await store.get("/frozen/a", { timeoutMs: 5_000, signal: controller.signal }), undefined);
  controller.abort();
  await watching;
});

test("F21: a watch leaves a member that is cut off from the others, and goes on at the next", async () => {
  await using three = await startEtcd({ members: 3 });
  const [first, ...others] = three.members;
  assert.ok(first);
  await using store = connectEtcd(three.settings);
  const controller = new AbortController();
  const events: WatchEvent["kind"][] = [];
  const watching = store.watch("/cut-off/", ({ kind }) => void events.push(kind), controller.signal);
  await waitFor(() => events.includes("snapshot"), { what: "snapshot", timeoutMs: 5_000 });
  // For it this is the same as links that are cut.
  for (const other of others) other.signal("SIGSTOP");
  await using thaw = cureBy(() => {
    for (const other of others) other.signal("SIGCONT");
  });
  await waitFor(() => events.includes("lost"), { what: "lost", timeoutMs: 10_000 });
  await thaw();
  first.signal("SIGSTOP");
  await using _go = cureBy(() => first.signal("SIGCONT"));
  await waitFor(() => events.lastIndexOf("snapshot") > events.indexOf("lost"), {
    what: "a snapshot from another member",
    timeoutMs: 20_000,
  });
  controller.abort();
  await watching;
});
