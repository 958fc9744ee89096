import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceHealth, NodeHealth } from "../../observed/health.ts";
import type { InstanceRow, NodeRow } from "../../store/schema.ts";
import { decideInstance } from "./decide.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";
import { host, lock, node, record, seen, sync } from "./seen-builders.ts";

const [one, two, three] = [node(1), node(2), node(3)];
const alive: NodeHealth = { kind: "alive" };
const lostFor = (forMs: number): NodeHealth => ({ kind: "lost", forMs, why: "its host is down" });
const alone = { ...sync, mode: "async" as const, members: [] };

interface Scene {
  readonly instance?: Partial<InstanceRow>;
  readonly nodes?: readonly NodeRow[];
  readonly health?: Readonly<Record<string, NodeHealth>>;
  readonly leader?: string | undefined;
  readonly isWhole?: boolean;
  readonly stored?: Partial<StoredInstance>;
  readonly seen?: Partial<SeenInstance>;
}

/** Node 1 leads, node 2 is lost for a minute, node 3's host is free; `scene` says what differs. */
function decide(scene: Scene) {
  const health: InstanceHealth = {
    leader: "leader" in scene ? scene.leader : one.id,
    nodes: new Map(Object.entries({ [one.id]: alive, [two.id]: lostFor(60_000), ...scene.health })),
    trouble: scene.isWhole ? undefined : `${two.id} is lost`,
  };
  const known = record({ status: "autohealing", ...scene.instance }, scene.nodes ?? [one, two]);
  return decideInstance(seen({ record: known, health, ...scene.seen }, { sync: alone, ...scene.stored }));
}

test("a loss is written down before anything is done about it", () => {
  assert.equal(decide({ instance: { status: "ready" } }).step, "mark-autohealing");
});

test("a lost standby is replaced on the free host after the delay, by a node with a new number", () => {
  const step = decide({});
  assert.equal(step.step, "replace");
  assert.deepEqual(step.step === "replace" && [step.lost.id, step.placement], [
    two.id,
    { id: three.id, ordinal: 3, host_id: "host-3", zone: "fr-par-3" },
  ]);
  const waits = decide({ health: { [two.id]: lostFor(29_000) } });
  assert.deepEqual([waits.step, /30 s/.test(waits.reason)], ["look-later", true]);
});

test("nothing is replaced unless another node is seen serving, nor ever the leader of the sync record", () => {
  assert.match(decide({ leader: undefined }).reason, /while no other node serves/);
  assert.match(decide({ leader: two.id }).reason, /while no other node serves/);
  assert.match(decide({ stored: { sync: { ...alone, leader: two.id } } }).reason, /no other node serves/);
});

test("a whole lost pair is told as one and left alone", () => {
  const step = decide({ leader: undefined, health: { [one.id]: lostFor(60_000) } });
  assert.deepEqual([step.step, /every node is lost/.test(step.reason)], ["look-later", true]);
});

test("a lost single node waits for its host", () => {
  const step = decide({ instance: { is_ha: false }, nodes: [two] });
  assert.deepEqual([step.step, /from its volume/.test(step.reason)], ["look-later", true]);
});

test("without a host that can take it, and beyond the hourly limit, nothing is replaced and it is said", () => {
  assert.match(decide({ seen: { hosts: [host(1), host(2)] } }).reason, /no other running host/);
  const spent = decide({ seen: { recentReplacements: 3 } });
  assert.deepEqual([spent.step, /instance heal/.test(spent.reason)], ["look-later", true]);
});

test("a lost node that is back before a replacement began only makes the instance ready", () => {
  const back = { isWhole: true, health: { [two.id]: alive }, stored: { sync } };
  assert.equal(decide(back).step, "mark-ready");
  assert.equal(decide({ ...back, leader: undefined }).step, "look-later");
  assert.equal(decide({ ...back, instance: { status: "ready" } }).step, "settled");
});

const replaced = node(2, { state: "replaced" });
const leaving = node(2, { state: "leaving" });
const renewed = { ...sync, members: [three.id] };

test("the replaced node goes when the new one is synchronous, and the instance is ready before it is gone", () => {
  const scene = { isWhole: true, health: { [three.id]: alive }, stored: { sync: renewed } };
  const condemned = decide({ ...scene, nodes: [one, replaced, three] });
  assert.deepEqual(condemned.step === "condemn" && condemned.nodeIds, [two.id]);
  assert.equal(decide({ ...scene, leader: undefined, nodes: [one, replaced, three] }).step, "look-later");
  assert.equal(decide({ ...scene, nodes: [one, leaving, three] }).step, "mark-ready");
  const deleted = decide({ ...scene, nodes: [one, leaving, three], instance: { status: "ready" } });
  assert.deepEqual(deleted.step === "delete-nodes" && deleted.nodeIds, [two.id]);
});

test("a replacement is reserved, published and started, and replaced too when its host is lost first", () => {
  const fresh = { address: null, is_started: false };
  const nodes = (changes: Partial<NodeRow>) => [one, replaced, node(3, changes)];
  const health = { [three.id]: { kind: "unknown" } as const };
  assert.equal(decide({ health, nodes: nodes(fresh) }).step, "reserve");
  const generation = { instance: { generation: 2 } };
  assert.equal(decide({ ...generation, health, nodes: nodes({ is_started: false }) }).step, "publish");
  assert.equal(decide({ health, nodes: nodes({ is_started: false }) }).step, "start");
  const hosts = [host(1), host(2, { state: "down" }), host(3, { state: "down" }), host(4)];
  const lost = { [three.id]: lostFor(60_000) };
  const step = decide({ health: lost, nodes: nodes(fresh), seen: { hosts } });
  assert.equal(step.step === "replace" && step.placement.id, "pg-0a1b2c3d-4");
});

test("when the replacement is lost and the replaced node is back, it takes its place again", () => {
  const health = { [two.id]: alive, [three.id]: lostFor(60_000) };
  const step = decide({ health, nodes: [one, replaced, three] });
  assert.deepEqual(step.step === "reinstate" && [step.back.id, step.out.id], [two.id, three.id]);
});

test("a replaced node that leads after all is a member again before anything is published", () => {
  const step = decide({
    instance: { generation: 2 },
    nodes: [one, replaced, three],
    stored: { sync: { ...sync, leader: two.id, members: [one.id] }, lock: { ...lock, holder: two.id } },
  });
  assert.deepEqual(step.step === "reinstate" && [step.back.id, step.out.id], [two.id, three.id]);
});

test("a replaced node that alone may lead after the leader is a member again", () => {
  const health = { [one.id]: lostFor(1_000), [two.id]: alive, [three.id]: alive };
  const scene = { health, nodes: [one, replaced, three], leader: undefined };
  const step = decide({ ...scene, stored: { sync } });
  assert.deepEqual(step.step === "reinstate" && [step.back.id, step.out.id], [two.id, three.id]);
  assert.equal(decide({ ...scene, stored: { sync: alone } }).step, "look-later");
});
