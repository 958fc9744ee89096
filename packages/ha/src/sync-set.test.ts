import {
  asynchronous,
  frozen,
  gone,
  leading,
  peer,
  primary,
  recorded,
  refused,
  strict,
} from "./observation-builders.ts";
import { testDecisions } from "./test-decisions.ts";

const follower = { nodeId: "c", notStreamingForMs: 0, flushPosition: 1_000n, replyAgeMs: 10 };
const members = ["a", "c"].map((id, index) => ({ id, address: `127.0.0.${2 + index}`, port: 5432 }));
const withReplacement = (changes: Parameters<typeof primary>[0]) =>
  leading({
    spec: { ...strict, members },
    postgres: primary({ slots: ["c"], standbys: [follower], ...changes }),
  });

testDecisions([
  [
    "a healthy pair is left alone",
    leading(),
    { action: "wait", reason: "serves, commits wait for the standby" },
  ],
  [
    "a standby that is gone is first recorded (S7)",
    leading({ postgres: primary({ standbys: [gone] }) }),
    { action: "record-sync", reason: "asynchronous from here: b is lost" },
  ],
  [
    "a frozen standby is recorded as lost",
    leading({ postgres: primary({ standbys: [frozen] }) }),
    { action: "record-sync" },
  ],
  [
    "a strict primary goes on waiting for its standby",
    leading({ spec: strict, postgres: primary({ standbys: [gone] }) }),
    { action: "wait" },
  ],
  [
    "the setting is emptied after the record (F36)",
    leading({ sync: recorded(asynchronous), postgres: primary({ standbys: [gone] }) }),
    { action: "set-sync-standbys", syncStandbys: [] },
  ],
  [
    "a standby that came back is put into the setting first",
    leading({ sync: recorded(asynchronous), postgres: primary({ syncStandbys: [] }) }),
    { action: "set-sync-standbys", syncStandbys: ["b"] },
  ],
  [
    "a standby short of the setting's start does not count (S11)",
    leading({ sync: recorded(asynchronous), postgres: primary({ syncSince: 1_001n }) }),
    { action: "wait" },
  ],
  [
    "a write under the setting is needed before it is recorded (S7)",
    leading({ sync: recorded(asynchronous), postgres: primary({ proof: { term: 3, syncStandbys: [] } }) }),
    { action: "prove" },
  ],
  [
    "a proven standby is recorded as synchronous",
    leading({ sync: recorded(asynchronous) }),
    { action: "record-sync", reason: "synchronous from here: b acknowledges" },
  ],
  [
    "a standby that cannot take over leaves the sync set (F38, F39, F41)",
    leading({ peers: [peer("standby", 100, "its replay is paused")] }),
    { action: "record-sync", reason: "asynchronous from here: b is lost" },
  ],
  [
    "a standby whose node is down is lost at once",
    leading({ links: refused, postgres: primary({ standbys: [{ ...gone, notStreamingForMs: 1 }] }) }),
    { action: "record-sync" },
  ],
  [
    "a member gets its slot",
    leading({ postgres: primary({ slots: [] }) }),
    { action: "set-slots", nodeIds: ["b"] },
  ],
  [
    "a strict leader first waits for the lost standby and its replacement",
    withReplacement({}),
    { action: "set-sync-standbys", syncStandbys: ["b", "c"] },
  ],
  [
    "a strict leader does not record a replacement that lacks something",
    withReplacement({ syncStandbys: ["b", "c"], syncSince: 1_001n }),
    { action: "wait" },
  ],
  [
    "a strict leader records the replacement that has everything",
    withReplacement({ syncStandbys: ["b", "c"] }),
    { action: "record-sync", reason: "c has everything and replaces b" },
  ],
  [
    "F34: the standby counts again when it has that commit",
    leading({ isUncovered: true, sync: recorded(asynchronous) }),
    { action: "wait" },
  ],
  [
    "F34: strict commits wait on for a lost standby after one of them was cancelled",
    leading({ spec: strict, sync: recorded(asynchronous), postgres: primary({ standbys: [gone] }) }),
    { action: "wait", reason: "commits wait for b" },
  ],
]);
