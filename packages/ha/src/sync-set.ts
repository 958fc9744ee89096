/**
 * Keeps synchronous_standby_names and the sync record in step, in the order that S7 needs: the record says
 * "asynchronous" before the setting is emptied, and "synchronous" after a write was acknowledged under the setting.
 */

import type { Decision } from "./decision.ts";
import type { Leader } from "./leader.ts";
import type { AttachedStandby, PrimaryPostgres } from "./observation.ts";
import { isProven, isSame, standbyOf } from "./opening.ts";

/** A standby whose stream broke is lost after this long. */
export const lostAfterMs = 500;
/** A standby that streams but does not answer is lost after this long. */
export const silentAfterMs = 2_000;
/** A standby further behind would make commits wait for its catching up. */
export const catchUpBytes = 16n * 1024n * 1024n;

export function decideSyncSet(seen: Leader, postgres: PrimaryPostgres): Decision {
  return seen.sync.record.mode === "sync" ? keepSync(seen, postgres) : seekSync(seen, postgres);
}

function keepSync({ sync, spec }: Leader, postgres: PrimaryPostgres): Decision {
  const { record, revision } = sync;
  const lost = record.members.find((id) => isLost(standbyOf(postgres, id)));
  if (lost === undefined) {
    return isSame(postgres.syncStandbys, record.members)
      ? { action: "wait", reason: "serves, commits wait for the standby" }
      : { action: "set-sync-standbys", syncStandbys: record.members, reason: "as the sync record says" };
  }
  if (spec.durability === "strict") return { action: "wait", reason: `commits wait: ${lost} is lost` };
  const asynchronous = { ...record, mode: "async" as const, members: [] };
  const reason = `asynchronous from here: ${lost} is lost`;
  return { action: "record-sync", sync: asynchronous, syncRevision: revision, reason };
}

function seekSync(seen: Leader, postgres: PrimaryPostgres): Decision {
  const { record, revision } = seen.sync;
  const { term } = seen.lock.record;
  const standby = postgres.standbys.find(
    (candidate) => !isLost(candidate) && postgres.flushPosition - candidate.flushPosition <= catchUpBytes,
  );
  const wanted = standby ? [standby.nodeId] : [];
  if (!isSame(postgres.syncStandbys, wanted)) {
    const reason = standby ? `${standby.nodeId} has caught up` : "no standby, as the sync record says";
    return { action: "set-sync-standbys", syncStandbys: wanted, reason };
  }
  if (!standby) return { action: "wait", reason: "serves alone" };
  if (standby.flushPosition < postgres.syncSince) {
    return { action: "wait", reason: `${standby.nodeId} is receiving what came before` };
  }
  if (!isProven(postgres, term, wanted)) {
    return postgres.isProving
      ? { action: "wait", reason: "an own write is not acknowledged yet" }
      : { action: "prove", term, reason: `to see a write acknowledged by ${standby.nodeId}` };
  }
  const synchronous = { ...record, mode: "sync" as const, members: wanted };
  const reason = `synchronous from here: ${standby.nodeId} acknowledges`;
  return { action: "record-sync", sync: synchronous, syncRevision: revision, reason };
}

function isLost(standby: AttachedStandby | undefined): boolean {
  if (!standby) return true;
  return standby.notStreamingForMs >= lostAfterMs || standby.replyAgeMs >= silentAfterMs;
}
