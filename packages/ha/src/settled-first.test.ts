import { asynchronous, gone, leading, primary, recorded, stopped } from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

testDecisions([
  [
    "a setting is not emptied while an earlier request may still change the record (S7)",
    leading({ sync: recorded(asynchronous, false), postgres: primary({ standbys: [gone] }) }),
    { action: "record-sync", reason: "no earlier request may change the sync record any more" },
  ],
  [
    "a primary is not started while an earlier request may still change the record (S7)",
    leading({ sync: recorded(asynchronous, false), postgres: stopped({}) }),
    { action: "record-sync", reason: "no earlier request may change the sync record any more" },
  ],
  [
    "a standby is added whatever may still change the record",
    leading({ sync: recorded(asynchronous, false), postgres: primary({ syncStandbys: [] }) }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
]);
