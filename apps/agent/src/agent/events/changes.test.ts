import assert from "node:assert/strict";
import { test } from "node:test";
import * as build from "@mainstay/ha/observation-builders.ts";
import { changes, type Look } from "./changes.ts";

const quiet = { bootId: "a1", exits: 0, ended: null, fenced: null };
const look = (seen = build.observation(), supervisor: Look["supervisor"] = quiet) => ({ seen, supervisor });
const lines = (before: Look, now: Required<Look>) =>
  changes(before, now).map(({ kind, action, reason }) => `${kind} ${action}: ${reason}`);

test("nothing that stays as it was is an event", () => {
  assert.deepEqual(changes(look(), look()), []);
  assert.deepEqual(changes(look(build.leading()), look(build.leading())), []);
  assert.deepEqual(changes({ supervisor: quiet }, look()), []);
});

test("PostgreSQL's end is told once, by an id that a later agent would give it too", () => {
  const ended = { at: "2026-01-01T00:00:00.000Z", code: null, signal: "SIGKILL" };
  const after = look(build.observation(), { ...quiet, exits: 4, ended });
  const [event] = changes(look(), after);
  assert.deepEqual(event, {
    id: "a1-exit-4",
    at: ended.at,
    kind: "postgres",
    action: "ended",
    reason: "PostgreSQL was ended by SIGKILL",
    term: 3,
    inputs: { code: null, signal: "SIGKILL", exits: 4 },
  });
  assert.deepEqual(changes(after, after), []);
  assert.equal(changes({ supervisor: quiet }, after)[0]?.id, event.id);
});

test("a kill by the fencer says why and how long it took", () => {
  const fenced = { at: "2026-01-01T00:00:00.000Z", reason: "the deadline passed", tookMs: 6 };
  const [event] = changes(look(), look(build.observation(), { ...quiet, fenced }));
  assert.deepEqual([event?.kind, event?.reason, event?.tookMs], ["fence", "the deadline passed", 6]);
});

test("a lease that ends is lost, unless the node released the lock itself", () => {
  const leads = look(build.leading());
  const late = look(build.leading({ nowMs: 11_000 }));
  assert.deepEqual(lines(leads, late), ["lock lost: no renewal succeeded in time"]);
  const taken = build.leading({ lease: undefined, lock: build.held({ term: 4, holder: "b" }) });
  assert.deepEqual(lines(leads, look(taken)), ["lock lost: b holds the lock now"]);
  const lock = build.held({ ...build.claimed, phase: "released" });
  assert.deepEqual(lines(leads, look(build.leading({ lease: undefined, lock }))), []);
});

test("a stream that breaks or comes back is told by both of its ends", () => {
  const broken = look(build.observation({ postgres: build.standby({ receiver: "connecting" }) }));
  assert.deepEqual(lines(look(), broken), ["stream broken: the WAL stream from b broke"]);
  assert.deepEqual(lines(broken, look()), ["stream restored: the WAL stream from b is back"]);
  const postgres = build.primary({ standbys: [build.gone], syncStandbys: [] });
  const alone = look(build.leading({ postgres }));
  assert.deepEqual(lines(look(build.leading()), alone), ["stream broken: the WAL stream to b broke"]);
  assert.deepEqual(lines(look(), alone), [], "a promotion is neither");
  const detached = look(
    build.observation({ postgres: build.standby({ upstream: undefined, receiver: "stopped" }) }),
  );
  assert.deepEqual(lines(look(), detached), []);
});

test("commits that wait for a standby which receives nothing are told with what the node saw", () => {
  const lost = look(build.leading({ postgres: build.primary({ standbys: [build.frozen] }) }));
  const [blocked, none] = changes(look(build.leading()), lost);
  assert.deepEqual([blocked?.kind, blocked?.action, none], ["commits", "blocked", undefined]);
  assert.deepEqual([blocked?.inputs.blockedForMs, blocked?.inputs.syncMode], [2_000, "sync"]);
  assert.deepEqual(lines(lost, look(build.leading())), [
    "commits resumed: the standby acknowledges commits again",
  ]);
});
