import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "@mainstay/compute/compute.ts";
import { decideInstance } from "./decide.ts";
import { choosePlacements } from "./place.ts";
import type { SeenInstance } from "./seen.ts";
import { endpoint, host, id, lock, node, record, seen, spec, sync } from "./seen-builders.ts";

const stepOf = (observation: SeenInstance) => decideInstance(observation).step;

test("a new instance gets its nodes placed, reserved, published and started, in this order", () => {
  const stored = { spec: undefined, endpoint: undefined, lock: undefined, sync: undefined };
  const unreserved = node(2, { address: null });
  const unstarted = node(2, { is_started: false });
  assert.equal(stepOf(seen({ record: record({}, []) }, stored)), "place");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unreserved]) }, stored)), "reserve");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unstarted]) }, stored)), "publish");
  assert.equal(stepOf(seen({ record: record({}, [node(1), unstarted]) }, { lock: undefined })), "start");
});

test("an instance is probed only when its leader serves and its standby is synchronous", () => {
  assert.equal(stepOf(seen({}, { lock: undefined })), "wait");
  assert.equal(stepOf(seen({}, { lock: { ...lock, phase: "claimed" } })), "wait");
  assert.equal(stepOf(seen({}, { sync: { ...sync, mode: "async", members: [] } })), "wait");
  assert.equal(stepOf(seen({ health: { ...seen().health, trouble: "it does not stream" } })), "wait");
  assert.equal(stepOf(seen()), "probe");
});

test("an instance that waits for a lost node says so", () => {
  const trouble = "pg-0a1b2c3d-1 is lost: host-1 is down";
  const waiting = seen({ health: { ...seen().health, trouble } }, { lock: undefined });
  assert.deepEqual(decideInstance(waiting), { step: "wait", forMs: 250, reason: trouble });
});

test("a node of a new instance whose host goes down before it is started is made on another", () => {
  const stored = { lock: undefined, sync: undefined };
  const unstarted = record({}, [node(1), node(2, { is_started: false })]);
  const [one, two, three] = [host(1), host(2, { state: "down" }), host(3)];
  const step = decideInstance(seen({ record: unstarted, hosts: [one, two, three] }, stored));
  assert.ok(step.step === "replace");
  assert.deepEqual([step.lost.id, step.placement.host_id], ["pg-0a1b2c3d-2", "host-3"]);
  assert.equal(stepOf(seen({ record: unstarted, hosts: [one, two] }, stored)), "wait");
  // It may have founded the instance.
  assert.equal(stepOf(seen({ record: unstarted, hosts: [one, two, three] })), "wait");
});

test("a standby of a new instance whose host stays down is made on another, one that is slow is not", () => {
  const lost = { kind: "lost", forMs: 30_000, why: "host-2 is down" } as const;
  const nodes = new Map([["pg-0a1b2c3d-2", lost]]);
  const health = { ...seen().health, nodes, trouble: "pg-0a1b2c3d-2 is lost" };
  const down = [host(1), host(2, { state: "down" }), host(3)];
  const alone = { sync: { ...sync, mode: "async" as const, members: [] } };
  assert.equal(stepOf(seen({ health, hosts: down }, alone)), "replace");
  assert.equal(stepOf(seen({ health }, alone)), "wait");
});

test("a changed generation is published before the instance is ready again", () => {
  const changed = record({ status: "configuring", generation: 2 });
  assert.equal(stepOf(seen({ record: changed })), "publish");
  const published = { spec: { ...spec, generation: 2 }, endpoint: { ...endpoint, generation: 2 } };
  assert.equal(stepOf(seen({ record: changed }, published)), "mark-ready");
});

test("a new endpoint has to answer before its instance is ready again, while somebody could", () => {
  const configuring = record({ status: "configuring" });
  const changed = { ...configuring, endpoint: { ...configuring.endpoint, has_answered: false } };
  const { health } = seen();
  assert.equal(stepOf(seen({ record: changed })), "probe");
  assert.equal(
    stepOf(seen({ record: changed, health: { ...health, trouble: "no node serves" } })),
    "mark-ready",
  );
  assert.equal(stepOf(seen({ record: configuring })), "mark-ready");
});

test("a delete takes clients, nodes, keys and rows, in this order, in any state", () => {
  const deleting = record({ status: "deleting" });
  const nodeless = record({ status: "deleting" }, []);
  const gone = { record: nodeless, computeNodeIds: [] };
  assert.equal(stepOf(seen({ record: deleting })), "withdraw-endpoint");
  assert.equal(stepOf(seen({ record: deleting }, { endpoint: undefined })), "delete-nodes");
  assert.equal(stepOf(seen({ record: nodeless }, { endpoint: undefined })), "delete-nodes");
  assert.equal(stepOf(seen(gone, { endpoint: undefined })), "delete-keys");
  assert.equal(stepOf(seen(gone, { endpoint: undefined, hasKeys: false })), "delete-rows");
});

test("what a late step made of an instance that is deleted goes too", () => {
  const late = { record: undefined, computeNodeIds: [] };
  assert.equal(stepOf(seen(late)), "withdraw-endpoint");
  assert.equal(stepOf(seen({ record: undefined }, { endpoint: undefined })), "delete-nodes");
  assert.equal(stepOf(seen(late, { endpoint: undefined })), "delete-keys");
  assert.equal(stepOf(seen(late, { endpoint: undefined, hasKeys: false })), "settled");
});

test("nodes of an instance never share a host, and share a zone only when there is no other", () => {
  const hosts = [
    host(1, { zone: "z1" }),
    host(2, { zone: "z1" }),
    host(3, { zone: "z2", nodeIds: ["a", "b"] }),
  ];
  const places = (available: readonly Host[]) =>
    choosePlacements(available, id, [], 2)?.map(({ host_id }) => host_id);
  assert.deepEqual(places(hosts), ["host-1", "host-3"]);
  assert.deepEqual(places(hosts.slice(0, 2)), ["host-1", "host-2"]);
  assert.equal(places([host(1), host(2, { state: "down" })]), undefined);
});
