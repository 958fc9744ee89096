import { held, leading, observation, silent, stopped, unreachable } from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

testDecisions([
  ["a node without a specification waits", observation({ spec: undefined }), { action: "wait" }],
  ["a follower without the store waits", observation(unreachable), { action: "wait" }],
  ["a leader without the store serves on until its deadline", leading(unreachable), { action: "wait" }],
  [
    "a leader without the store is fenced at its deadline (S3)",
    leading({ ...unreachable, nowMs: 11_000 }),
    { action: "fence" },
  ],
  [
    "a leader past its deadline is fenced though the lock is its own",
    leading({ nowMs: 11_000 }),
    { action: "fence" },
  ],
  ["a primary under another's lock is fenced", leading({ lock: held({}) }), { action: "fence" }],
  ["a primary under its earlier run's lock is fenced", leading({ bootId: "a2" }), { action: "fence" }],
  ["a primary whose lock vanished is fenced", leading({ lock: { kind: "free" } }), { action: "fence" }],
  ["a restarted agent renews before it judges", leading({ lease: undefined }), { action: "wait" }],
  [
    "a store older than the node is not obeyed (S15)",
    observation({ lock: silent(), highestTerm: 4 }),
    { action: "wait" },
  ],
  [
    "a store that lost terms is not followed (F50)",
    observation({ highestTerm: 4, postgres: stopped({}) }),
    { action: "wait", reason: "the store's term 3 is older than this node's 4" },
  ],
]);
