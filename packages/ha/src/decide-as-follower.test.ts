import { held, observation, recorded, silent, spec, standby, stopped } from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const only = (id: string) => ({ ...spec, members: [{ id, address: "127.0.0.4", port: 5432 }] });

testDecisions([
  [
    "a standby that cannot be promoted does not claim (S11)",
    observation({ lock: silent(), postgres: standby({ isPromotable: false }) }),
    { action: "wait" },
  ],
  ["poisoned data never claims (S10)", observation({ lock: silent(), intent: "rewind" }), { action: "wait" }],
  [
    "a stopped sync standby starts before it claims",
    observation({ lock: silent(), postgres: stopped({ isStandby: true }) }),
    { action: "start-standby", upstream: undefined },
  ],
  [
    "the last leader without its data does not lead",
    observation({
      lock: held({ holder: "a", bootId: "a0" }),
      sync: recorded({ leader: "a" }),
      postgres: { kind: "absent" },
    }),
    { action: "wait" },
  ],
  [
    "an empty node clones from a serving leader",
    observation({ postgres: { kind: "absent" } }),
    { action: "clone", from: "b" },
  ],
  [
    "an empty node waits while nobody serves (S14)",
    observation({ postgres: { kind: "absent" }, lock: held({ phase: "claimed" }) }),
    { action: "wait" },
  ],
  [
    "an interrupted rewind ends in a clone",
    observation({ intent: "rewind", postgres: stopped({}) }),
    { action: "clone" },
  ],
  [
    "two failed starts end in a clone",
    observation({ postgres: stopped({ failedStarts: 2 }) }),
    { action: "clone" },
  ],
  ["an old primary is rewound", observation({ postgres: stopped({}) }), { action: "rewind", from: "b" }],
  [
    "an old primary waits while nobody serves (S14)",
    observation({ postgres: stopped({}), lock: held({ phase: "claimed" }) }),
    { action: "wait" },
  ],
  [
    "a stopped standby starts again",
    observation({ postgres: stopped({ isStandby: true }) }),
    { action: "start-standby", upstream: "b" },
  ],
  [
    "another instance's data is neither started nor destroyed (S10)",
    observation({ postgres: stopped({ isStandby: true, systemId: "other" }) }),
    { action: "wait" },
  ],
  [
    "a standby of the wrong leader is repointed",
    observation({ postgres: standby({ upstream: "c" }) }),
    { action: "follow" },
  ],
  [
    "a standby that cannot stream is rewound",
    observation({ postgres: standby({ receiver: "connecting", notStreamingForMs: 10_000 }) }),
    { action: "rewind" },
  ],
  ["a standby stops for a shutdown", observation({ shutdown: "hand-over" }), { action: "stop" }],
  [
    "a node that was replaced neither runs nor follows",
    observation({ spec: only("b") }),
    { action: "fence" },
  ],
  [
    "a node that was replaced may still be the only one with everything",
    observation({ lock: silent(), spec: only("c") }),
    { action: "claim" },
  ],
  [
    "an old primary is rewound from a leader that is opening",
    observation({ postgres: stopped({}), lock: held({ phase: "opening" }) }),
    { action: "rewind", from: "b" },
  ],
  [
    "a node whose leader has just died keeps its data, though it failed to start twice (S14)",
    observation({ links: [{ nodeId: "b", state: "unknown" }], postgres: stopped({ failedStarts: 2 }) }),
    { action: "wait" },
  ],
  [
    "a standby that does not stream after a rewind found nothing is cloned (F27)",
    observation({ postgres: standby({ notStreamingForMs: 10_000, isRewindInVain: true }) }),
    { action: "clone", from: "b" },
  ],
  [
    "a former primary whose successor never served leads again, where it ended (F44)",
    observation({ lock: silent(), postgres: stopped({}) }),
    { action: "claim" },
  ],
  [
    "data from before accepted losses is cloned, whatever its timeline says (F29)",
    observation({ sync: recorded({ lossTerm: 3 }), dataTerm: 2 }),
    { action: "clone", from: "b" },
  ],
  [
    "data of the leader that lost something follows it",
    observation({ sync: recorded({ lossTerm: 3 }), dataTerm: 3 }),
    { action: "wait", reason: "follows b" },
  ],
]);
