import { asynchronous, leading, recorded, request, stopped } from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const forced = { ...request, kind: "failover" } as const;

testDecisions([
  ["a switchover stops the primary first", leading({ request }), { action: "stop" }],
  [
    "a switchover then releases the lock",
    leading({ request, postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a switchover to a standby that is gone is dropped",
    leading({ request, peers: [] }),
    { action: "drop-request" },
  ],
  [
    "a switchover that happened is forgotten",
    leading({ request: { ...request, target: "a" } }),
    { action: "drop-request" },
  ],
  [
    "a switchover that was asked for in an earlier term is dropped",
    leading({ request: { ...request, term: 2 } }),
    { action: "drop-request", reason: "it was asked for in term 2" },
  ],
  [
    "a forced failover of an earlier term is dropped, whatever losses it accepts (S16)",
    leading({ request: { ...forced, term: 2, acceptLoss: true }, sync: recorded(asynchronous) }),
    { action: "drop-request" },
  ],
  [
    "a forced failover to a standby that may lack commits needs the word for it (S16)",
    leading({ request: forced, sync: recorded(asynchronous) }),
    { action: "drop-request" },
  ],
  [
    "a forced failover that accepts losses is carried out (S16)",
    leading({ request: { ...forced, acceptLoss: true }, sync: recorded(asynchronous) }),
    { action: "stop" },
  ],
  [
    "a forced failover does not wait for a hung server",
    leading({ request: forced, postgres: { kind: "hung", as: "primary", forMs: 10 } }),
    { action: "fence" },
  ],
  [
    "a platform's shutdown keeps the lock",
    leading({ shutdown: "in-place", postgres: stopped({}) }),
    { action: "set-phase", phase: "stopped" },
  ],
  [
    "a node's shutdown hands over",
    leading({ shutdown: "hand-over", postgres: stopped({}) }),
    { action: "set-phase", phase: "released" },
  ],
  [
    "a full volume hands over to a standby with room (F40)",
    leading({ volume: "full" }),
    { action: "stop", isPlanned: false },
  ],
  [
    "a full volume without a standby is served on",
    leading({ volume: "full", peers: [] }),
    { action: "wait" },
  ],
]);
