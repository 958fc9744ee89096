import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeStatus } from "@mainstay/domain/cluster.ts";
import { type Candidates, chooseTarget, estimatedLoss } from "./choose-target.ts";

function status(nodeId: string, changes: Partial<NodeStatus> = {}): NodeStatus {
  return {
    nodeId,
    observedAt: "2026-01-01T00:00:00Z",
    role: "standby",
    state: "standby",
    reason: "",
    term: 1,
    timeline: 1,
    systemId: "7",
    flushPosition: 1_000n,
    isStreaming: true,
    impediment: null,
    pids: { supervisor: 1, agent: 2, fencer: 3, postmaster: 4 },
    ...changes,
  };
}

const sync = {
  term: 1,
  leader: "a",
  mode: "sync" as const,
  members: ["b"],
  systemId: "7",
  takeovers: [],
  lossTerm: 0,
};
const alone = { ...sync, mode: "async" as const, members: [] };

function candidates(changes: Partial<Candidates> = {}): Candidates {
  const statuses = new Map([
    ["a", status("a", { flushPosition: 1_500n })],
    ["b", status("b")],
  ]);
  return { sync, nodeIds: ["a", "b"], statuses, heardOf: ["b"], ...changes };
}

test("the synchronous standby takes over and loses nothing, however far behind it seems", () => {
  assert.deepEqual(chooseTarget(candidates(), undefined, false), { kind: "chosen", target: "b" });
  assert.equal(estimatedLoss(candidates(), "b"), 0);
});

test("a node that may lack commits takes over only when their loss is accepted, which is told in bytes", () => {
  const seen = candidates({ sync: alone });
  assert.equal(chooseTarget(seen, "b", false).kind, "refused");
  assert.deepEqual(chooseTarget(seen, "b", true), { kind: "chosen", target: "b" });
  assert.equal(estimatedLoss(seen, "b"), 500);
});

test("a loss between two timelines, or from a position never told, is unknown", () => {
  const leader = status("a", { flushPosition: 1_500n });
  const unknown = (b: NodeStatus) =>
    estimatedLoss(
      candidates({
        sync: alone,
        statuses: new Map([
          ["a", leader],
          ["b", b],
        ]),
      }),
      "b",
    );
  assert.equal(unknown(status("b", { timeline: 2 })), null);
  assert.equal(unknown(status("b", { flushPosition: null })), null);
});

test("the leader, a stranger, a silent node and an instance without history are refused", () => {
  const why = (seen: Candidates, target?: string) => {
    const choice = chooseTarget(seen, target, true);
    return choice.kind === "refused" ? choice.why : choice.kind;
  };
  assert.match(why(candidates(), "a"), /leads already/);
  assert.equal(why(candidates(), "z"), "not-a-node");
  assert.match(why(candidates({ heardOf: ["a"] })), /not heard of/);
  assert.match(why(candidates({ sync: undefined })), /no node has led/);
});
