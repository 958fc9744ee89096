import {
  asynchronous,
  claimed,
  gone,
  held,
  leading,
  primary,
  recorded,
  strict,
} from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const strictAlone = { spec: strict, postgres: primary({ access: "closed", standbys: [gone] }) };
const opening = held({ ...claimed, phase: "opening" });

testDecisions([
  [
    "a new instance's identity is recorded before it opens",
    leading({
      lock: held(claimed),
      sync: recorded({ ...asynchronous, systemId: null }),
      postgres: primary({ access: "closed" }),
    }),
    { action: "record-sync" },
  ],
  [
    "a crash-started primary waits for its standby (S8)",
    leading({ postgres: primary({ access: "closed", forMs: 100, recoveryEnd: 1_001n }) }),
    { action: "wait" },
  ],
  [
    "a primary without its standby records asynchronous first (F36)",
    leading({ postgres: primary({ access: "closed", standbys: [gone] }), peers: [] }),
    { action: "record-sync" },
  ],
  ["a strict primary without its standby stays closed", leading(strictAlone), { action: "wait" }],
  [
    "a primary proves its term by a write before it opens (S8)",
    leading({ lock: held(claimed), postgres: primary({ access: "closed", proof: undefined }) }),
    { action: "prove", term: 3 },
  ],
  [
    "a proven primary lets clients in",
    leading({ lock: held(claimed), postgres: primary({ access: "closed" }) }),
    { action: "open-access" },
  ],
  [
    "an open primary becomes serving",
    leading({ lock: held(claimed) }),
    { action: "set-phase", phase: "serving" },
  ],
  [
    "a strict leader that waits for its standby lets it copy (S14)",
    leading({ ...strictAlone, lock: held(claimed) }),
    { action: "set-phase", phase: "opening" },
  ],
  [
    "a strict leader in phase opening keeps its door shut",
    leading({ ...strictAlone, lock: opening }),
    { action: "wait" },
  ],
  [
    "a new strict instance waits for its pair before it opens",
    leading({
      ...strictAlone,
      lock: opening,
      sync: recorded(asynchronous),
      postgres: primary({ access: "closed", syncStandbys: [] }),
    }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
]);
