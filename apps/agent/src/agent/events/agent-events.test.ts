import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventLog } from "@mainstay/dcs/event-log.ts";
import type { EventOutcome, NewEvent } from "@mainstay/domain/event.ts";
import type { Decision } from "@mainstay/ha/decision.ts";
import * as build from "@mainstay/ha/observation-builders.ts";
import { createAgentEvents } from "./agent-events.ts";

const supervisor = {
  ...({ bootId: "a1", shutdown: "none", postgres: null, exits: 0, ended: null, fenced: null } as const),
  pids: { supervisor: 1, fencer: null },
};
const fence: Decision = { action: "fence", reason: "it must end" };
const wait: Decision = { action: "wait", reason: "serves" };

test("a decision is an event when it differs from the one before", async () => {
  const { decide, lines } = setUp();
  for (const decision of [wait, wait, fence, wait]) await decide(decision);
  assert.deepEqual(lines(), ["wait", "fence", "wait"]);
});

test("an event holds what the decision saw and how its action ended", async () => {
  const { decide, decisions } = setUp();
  await decide(fence);
  const [{ event, outcome } = {}] = decisions();
  assert.equal(event?.reason, fence.reason);
  assert.equal(event.term, 3);
  assert.deepEqual(
    [event.inputs.lockHolder, event.inputs.postgres, event.inputs.flushPosition, event.inputs.syncMode],
    ["b", "standby", "0/3E8", "sync"],
  );
  assert.deepEqual([event.inputs.volume, event.inputs.takeoversByChoice], ["usable", 0]);
  assert.equal(outcome?.failure, undefined);
  assert.ok(Number(outcome?.tookMs) >= 0);
});

test("what a follower decided says when its leader was heard of last", async () => {
  const { decide, decisions } = setUp({ peers: [build.peer("primary", 100)] });
  await decide(fence);
  assert.equal(decisions()[0]?.event.inputs.leaderSaidAt, "2026-01-01T00:00:00.000Z");
});

test("a failure is told once, and so is the success after it", async () => {
  const { decide, decisions } = setUp();
  const fail = () => Promise.reject(new Error("no room"));
  await assert.rejects(decide(fence, fail), /no room/);
  await assert.rejects(decide(fence, fail), /no room/);
  await decide(fence);
  await decide(fence);
  const failures = decisions().map(({ event, outcome }) => outcome?.failure ?? event.failure);
  assert.deepEqual(failures, ["Error: no room", undefined]);
});

test("an agent that begins tells when the one before it was heard last", async () => {
  const { decide, recorded } = setUp();
  for (const decision of [wait, fence]) await decide(decision);
  const began = recorded.filter(({ event }) => event.action === "agent-started");
  assert.deepEqual(
    began.map(({ event }) => event.inputs.lastSaidAt),
    ["2026-01-01T00:00:00.000Z"],
  );
});

function setUp(seen: Parameters<typeof build.observation>[0] = {}) {
  const recorded: { event: NewEvent; outcome?: EventOutcome }[] = [];
  const log: EventLog = {
    record(_instanceId, event) {
      const entry: (typeof recorded)[number] = { event };
      recorded.push(entry);
      return (outcome) => {
        entry.outcome = outcome;
      };
    },
    flush: async () => {},
  };
  const events = createAgentEvents("i", log, () => "2026-01-01T00:00:00.000Z");
  const decisions = () => recorded.filter(({ event }) => event.kind === "decision");
  return {
    recorded,
    decisions,
    lines: () => decisions().map(({ event }) => event.action),
    decide: (decision: Decision, act = async () => {}) =>
      events.during(decision, build.observation(seen), supervisor, act),
  };
}
