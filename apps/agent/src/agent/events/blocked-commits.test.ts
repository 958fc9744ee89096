import assert from "node:assert/strict";
import { test } from "node:test";
import * as build from "@mainstay/ha/observation-builders.ts";
import { blockedCommits } from "./blocked-commits.ts";

const serving = (changes: Parameters<typeof build.primary>[0] = {}) =>
  build.leading({ postgres: build.primary(changes) });
const lost = serving({ standbys: [build.gone] });

test("commits that wait for a standby which receives nothing are told once, with since when", () => {
  assert.deepEqual(blockedCommits(serving(), lost), {
    kind: "commits",
    action: "blocked",
    reason: "commits wait for b, which does not stream",
    inputs: { waitedFor: "b", blockedForMs: 600 },
  });
  assert.equal(blockedCommits(lost, serving({ standbys: [build.frozen] })), undefined);
  assert.equal(blockedCommits(serving(), serving()), undefined);
});

test("a standby that is silent, or not attached, acknowledges nothing either", () => {
  const silent = blockedCommits(undefined, serving({ standbys: [build.frozen] }));
  assert.deepEqual(
    [silent?.reason, silent?.inputs.blockedForMs],
    ["commits wait for b, which does not answer", 2_000],
  );
  assert.match(blockedCommits(undefined, serving({ standbys: [] }))?.reason ?? "", /is not attached/);
});

test("their end is told, with whether they wait for anybody now", () => {
  assert.equal(blockedCommits(lost, serving())?.reason, "the standby acknowledges commits again");
  const released = blockedCommits(lost, serving({ standbys: [build.gone], syncStandbys: [] }));
  assert.deepEqual([released?.action, released?.reason], ["resumed", "commits wait for nobody any more"]);
});

test("nobody waits at a node that does not serve clients, and a shutdown is no surprise", () => {
  const opening = build.leading({ lock: build.held(build.claimed), postgres: lost.postgres });
  const closed = serving({ standbys: [build.gone], access: "closed" });
  for (const now of [opening, closed, { ...lost, shutdown: "in-place" as const }]) {
    assert.equal(blockedCommits(serving(), now), undefined);
  }
  assert.equal(blockedCommits(lost, build.leading({ postgres: build.stopped({}) })), undefined);
});
