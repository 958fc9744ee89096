import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeStatus } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { type SeenNodeParts, toNodeView } from "./node-view.ts";

const pids = { supervisor: 1, agent: 2, fencer: 3, postmaster: 4 };
const nobody = { supervisor: null, agent: null, fencer: null, postmaster: null };
const lock = {
  ...{ term: 1, holder: "a", bootId: "x", phase: "serving" as const },
  ...{ timing: timingPresets.fast, seq: 1 },
};
const sync = {
  ...{ term: 1, leader: "a", mode: "sync" as const, members: ["b"], systemId: "7", takeovers: [] },
  lossTerm: 0,
};

function status(nodeId: string, changes: Partial<NodeStatus> = {}): NodeStatus {
  const role = nodeId === "a" ? ("primary" as const) : ("standby" as const);
  return {
    ...{ nodeId, role, state: role, reason: "as it should", observedAt: "", term: 1, timeline: 1 },
    ...{ systemId: "7", flushPosition: null, isStreaming: nodeId !== "a", impediment: null, pids },
    ...changes,
  };
}

function view(id: "a" | "b", changes: Partial<SeenNodeParts> = {}) {
  const row = {
    ...{ id, instance_id: "i", ordinal: 1, host_id: `host-${id}`, zone: "z", address: null, port: null },
    ...{ is_started: true, state: "member" as const },
  };
  return toNodeView({ row, dataDir: null, hostState: "running", status: status(id), lock, sync, ...changes });
}

test("a standby is synchronous while the record names it and it streams", () => {
  assert.deepEqual(
    [view("a").role, view("a").sync, view("b").role, view("b").sync],
    ["primary", false, "standby", true],
  );
  assert.equal(view("b", { sync: { ...sync, mode: "async", members: [] } }).sync, false);
  assert.equal(view("b", { status: status("b", { isStreaming: false }) }).sync, false);
  assert.equal(view("b", { status: status("b", { role: "none", state: "stopped" }) }).sync, false);
});

test("of a node whose host is down or frozen nothing that it said is still true", () => {
  for (const hostState of ["down", "frozen"]) {
    const { role, sync: isSync, state, reason, pids: shown } = view("b", { hostState });
    assert.deepEqual([role, isSync, state], ["unknown", false, "unknown"], hostState);
    assert.equal(reason, `host-b is ${hostState}`);
    assert.deepEqual(shown, hostState === "down" ? nobody : pids);
  }
});

test("a node that was not heard of is unknown", () => {
  const { role, sync: isSync, reason, pids: shown } = view("b", { status: undefined });
  assert.deepEqual([role, isSync, reason, shown], ["unknown", false, "not heard of within 15 s", nobody]);
});

test("a node is primary only while it holds a lock that is renewed", () => {
  assert.equal(view("a", { lock: { ...lock, holder: "b" } }).role, "unknown");
  assert.equal(view("a", { lock: undefined }).role, "unknown");
});
