import assert from "node:assert/strict";
import { test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { healthOf, type SeenInstanceParts, type SeenNode } from "./health.ts";

const timing = timingPresets.fast;
const heard = { forMs: 200, isHeard: true };
const record = { term: 1, holder: "a", bootId: "b", phase: "serving" as const, timing, seq: 1 };
const sync = {
  term: 1,
  leader: "a",
  mode: "sync" as const,
  members: ["b"],
  systemId: "7",
  takeovers: [],
  lossTerm: 0,
};

function node(id: string, changes: Partial<SeenNode> = {}): SeenNode {
  const row = { id, host_id: `host-${id}`, state: "member" as const };
  return {
    row,
    isStreaming: id !== "a",
    hostState: "running",
    hostForMs: 60_000,
    silence: heard,
    ...changes,
  };
}

function health(changes: Partial<SeenInstanceParts> = {}) {
  const lock = { record, ...heard };
  const nodes = [node("a"), node("b")];
  return healthOf({ isHa: true, nodes, lock, sync, silentAfterMs: 15_000, ...changes });
}

test("a serving leader and a synchronous standby that live are no trouble", () => {
  assert.deepEqual([health().leader, health().trouble], ["a", undefined]);
});

test("a node is lost with its host, or by its silence, for as long as that lasts", () => {
  const down = node("b", { hostState: "down", hostForMs: 700 });
  const silent = node("b", { silence: { forMs: 16_000, isHeard: true } });
  const lost = (b: SeenNode) => health({ nodes: [node("a"), b] }).nodes.get("b");
  assert.deepEqual(lost(down), { kind: "lost", forMs: 700, why: "host-b is down" });
  assert.deepEqual(lost(silent), { kind: "lost", forMs: 16_000, why: "it is silent" });
  assert.match(health({ nodes: [node("a"), down] }).trouble ?? "", /b is lost: host-b is down/);
});

test("what was there before this process began to look is neither alive nor lost", () => {
  const b = node("b", { silence: { forMs: 200, isHeard: false } });
  assert.deepEqual(health({ nodes: [node("a"), b] }).nodes.get("b"), { kind: "unknown" });
  assert.equal(health({ lock: { record, forMs: 200, isHeard: false } }).leader, undefined);
});

test("a leader that does not renew, is lost, or is not the sync record's leader is none", () => {
  assert.equal(health({ lock: { record, forMs: 2_000, isHeard: true } }).leader, undefined);
  assert.equal(health({ nodes: [node("a", { hostState: "frozen" }), node("b")] }).leader, undefined);
  assert.equal(health({ sync: { ...sync, leader: "b" } }).leader, undefined);
  assert.equal(health({ nodes: [node("a", { hostForMs: 100 }), node("b")] }).leader, undefined);
});

test("a pair is whole only when the record names a member, and nobody who is none", () => {
  assert.match(health({ sync: { ...sync, mode: "async", members: [] } }).trouble ?? "", /not synchronous/);
  assert.match(health({ sync: { ...sync, members: ["b", "old"] } }).trouble ?? "", /not synchronous/);
  assert.match(health({ lock: undefined }).trouble ?? "", /no node serves/);
});

test("a pair whose standby receives nothing is not whole, although the record names it for as long as commits wait", () => {
  const nodes = [node("a"), node("b", { isStreaming: false })];
  assert.equal(health({ nodes }).trouble, "commits wait for b, which receives nothing");
});
