/**
 * S7: the leader's view of the sync record may lag, and a request to change it that had no answer may still be
 * carried out. So before fewer standbys are waited for, the record is written once more by compare-and-swap: either
 * it has changed, and that is seen, or nothing that was sent before can change it any more.
 */
import type { Decision } from "./decision.ts";
import type { Leader } from "./leader.ts";

export function settledFirst(seen: Leader, decision: Decision): Decision {
  const { sync } = seen;
  if (sync.isSettled || !mayWaitForFewer(seen, decision)) return decision;
  return {
    action: "record-sync",
    sync: sync.record,
    syncRevision: sync.revision,
    reason: "no earlier request may change the sync record any more",
  };
}

function mayWaitForFewer({ postgres }: Leader, decision: Decision): boolean {
  switch (decision.action) {
    case "start-primary":
    case "promote":
      return true;
    case "set-sync-standbys":
      return (
        postgres.kind === "primary" && postgres.syncStandbys.some((id) => !decision.syncStandbys.includes(id))
      );
    default:
      return false;
  }
}
