/**
 * Keeps synchronous_standby_names and the sync record in step, in the order that S7 needs: the record says
 * "asynchronous" before the setting is emptied, and names a standby after commits have waited for it.
 */

import type { Decision } from "./decision.ts";
import { freshStatus, freshStatusMs, isDown, type Leader, othersOf } from "./leader.ts";
import type { AttachedStandby, PrimaryPostgres } from "./observation.ts";
import { isProven, isSame, standbyOf } from "./primary.ts";

/** A standby whose stream broke is lost after this long; at once when its node is down. */
export const lostAfterMs = 300;
/** A standby that streams but does not answer is lost after this long; it answers at least once a second. */
export const silentAfterMs = 1_600;
/** A standby further behind would make commits wait for its catching up. */
export const catchUpBytes = 16n * 1024n * 1024n;

export function decideSyncSet(seen: Leader, postgres: PrimaryPostgres): Decision {
  const others = othersOf(seen);
  if (!isSame(postgres.slots, others)) {
    return { action: "set-slots", nodeIds: others, reason: "a slot for each other member" };
  }
  return seen.sync.record.mode === "sync" ? keepSync(seen, postgres) : seekSync(seen, postgres);
}

function keepSync(seen: Leader, postgres: PrimaryPostgres): Decision {
  const { record } = seen.sync;
  const lost = record.members.find((id) => isLost(seen, postgres, id));
  if (lost === undefined) {
    return isSame(postgres.syncStandbys, record.members)
      ? { action: "wait", reason: "serves, commits wait for the standby" }
      : { action: "set-sync-standbys", syncStandbys: record.members, reason: "as the sync record says" };
  }
  if (seen.spec.durability === "strict") return replaceLost(seen, postgres, lost);
  return asynchronousFromHere(seen, `${lost} is lost`);
}

/** From here on this node alone has everything that was acknowledged. */
export function asynchronousFromHere({ sync: { record, revision } }: Leader, why: string): Decision {
  const sync = { ...record, mode: "async" as const, members: [] };
  return { action: "record-sync", sync, syncRevision: revision, reason: `asynchronous from here: ${why}` };
}

/**
 * Strict: commits go on waiting for the lost standby until another one has everything. Nothing is acknowledged
 * while both are waited for, so the record can name the new one as soon as it has what there was.
 */
function replaceLost(seen: Leader, postgres: PrimaryPostgres, lost: string): Decision {
  const { record, revision } = seen.sync;
  const next = candidate(seen, postgres, record.members);
  if (!next) return { action: "wait", reason: `commits wait: ${lost} is lost` };
  const both = [...record.members, next.nodeId];
  if (!isSame(postgres.syncStandbys, both)) {
    const reason = `${next.nodeId} can replace ${lost}`;
    return { action: "set-sync-standbys", syncStandbys: both, reason };
  }
  if (next.flushPosition < postgres.syncSince) return receiving(next);
  const replaced = { ...record, members: [...record.members.filter((id) => id !== lost), next.nodeId] };
  const reason = `${next.nodeId} has everything and replaces ${lost}`;
  return { action: "record-sync", sync: replaced, syncRevision: revision, reason };
}

function seekSync(seen: Leader, postgres: PrimaryPostgres): Decision {
  const { record, revision } = seen.sync;
  const { term } = seen.lock.record;
  const standby = candidate(seen, postgres, []);
  // Strict comes here open only when a wait was cancelled: whoever is waited for goes on being waited for.
  const isStrict = seen.spec.durability === "strict" && postgres.access === "open";
  const kept = isStrict ? postgres.syncStandbys : [];
  const wanted = standby ? [standby.nodeId] : kept;
  if (!isSame(postgres.syncStandbys, wanted)) {
    const reason = standby ? `${standby.nodeId} has caught up` : "no standby, as the sync record says";
    return { action: "set-sync-standbys", syncStandbys: wanted, reason };
  }
  if (!standby) {
    return { action: "wait", reason: kept.length > 0 ? `commits wait for ${kept}` : "serves alone" };
  }
  if (standby.flushPosition < postgres.syncSince || seen.isUncovered) return receiving(standby);
  if (!isProven(postgres, term, wanted)) {
    return postgres.isProving
      ? { action: "wait", reason: "an own write is not acknowledged yet" }
      : { action: "prove", term, reason: `to see a write acknowledged by ${standby.nodeId}` };
  }
  const synchronous = { ...record, mode: "sync" as const, members: wanted };
  const reason = `synchronous from here: ${standby.nodeId} acknowledges`;
  return { action: "record-sync", sync: synchronous, syncRevision: revision, reason };
}

/** A standby that commits could wait for without waiting long. */
function candidate(
  seen: Leader,
  postgres: PrimaryPostgres,
  except: readonly string[],
): AttachedStandby | undefined {
  return postgres.standbys.find(
    ({ nodeId, flushPosition }) =>
      !except.includes(nodeId) &&
      !isLost(seen, postgres, nodeId) &&
      postgres.flushPosition - flushPosition <= catchUpBytes,
  );
}

function isLost(seen: Leader, postgres: PrimaryPostgres, nodeId: string): boolean {
  const standby = standbyOf(postgres, nodeId);
  if (!standby) return true;
  const { notStreamingForMs, replyAgeMs } = standby;
  if (notStreamingForMs >= lostAfterMs || replyAgeMs >= silentAfterMs) return true;
  if (notStreamingForMs > 0 && isDown(seen, nodeId)) return true;
  return (freshStatus(seen, nodeId, freshStatusMs)?.impediment ?? null) !== null;
}

function receiving({ nodeId }: AttachedStandby): Decision {
  return { action: "wait", reason: `${nodeId} is receiving what came before` };
}
