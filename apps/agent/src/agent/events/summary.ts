/** What of an observation explains a decision, flat enough for one line of a timeline. Pure. */
import type { EventInputs } from "@mainstay/domain/event.ts";
import { formatWalPosition } from "@mainstay/domain/wal-position.ts";
import type { Decision } from "@mainstay/ha/decision.ts";
import type { Observation, PostgresState } from "@mainstay/ha/observation.ts";

export function summarise(seen: Observation): EventInputs {
  return { ...lockInputs(seen), ...syncInputs(seen), ...postgresInputs(seen.postgres), ...otherInputs(seen) };
}

/** What a decision wants, beside what it saw. */
export function wishes(decision: Decision): EventInputs {
  switch (decision.action) {
    case "set-phase":
      return { wantedPhase: decision.phase };
    case "record-sync":
      return { wantedMode: decision.sync.mode, wantedMembers: decision.sync.members.join(" ") };
    case "start-primary":
    case "promote":
    case "set-sync-standbys":
      return { wantedStandbys: decision.syncStandbys.join(" ") };
    case "clone":
    case "rewind":
      return { wantedSource: decision.from };
    case "start-standby":
    case "follow":
      return { wantedUpstream: decision.upstream ?? null };
    default:
      return {};
  }
}

function lockInputs({ lock, lease, nowMs }: Observation): EventInputs {
  const held = lock.kind === "held" && {
    lockTerm: lock.record.term,
    lockHolder: lock.record.holder,
    lockPhase: lock.record.phase,
    lockAgeMs: Math.round(lock.unchangedForMs),
    phaseForMs: Math.round(lock.phaseForMs),
  };
  return {
    ...(held || { lock: lock.kind }),
    ...(lease && { leaseTerm: lease.term, leaseLeftMs: Math.round(lease.deadlineMs - nowMs) }),
  };
}

function syncInputs({ sync }: Observation): EventInputs {
  if (sync.kind !== "recorded") return { sync: sync.kind };
  const { leader, mode, members, takeovers } = sync.record;
  const byChoice = { takeoversByChoice: takeovers.length };
  return { syncLeader: leader, syncMode: mode, syncMembers: members.join(" "), ...byChoice };
}

function postgresInputs(postgres: PostgresState): EventInputs {
  switch (postgres.kind) {
    case "absent":
      return { postgres: "absent" };
    case "stopped": {
      const { timeline, isClean, isStandby, failedStarts } = postgres;
      return { postgres: "stopped", timeline, isClean, isStandby, failedStarts };
    }
    case "starting":
    case "hung":
      return { postgres: postgres.kind, as: postgres.as, forMs: Math.round(postgres.forMs) };
    case "primary":
      return {
        postgres: "primary",
        timeline: postgres.timeline,
        flushPosition: formatWalPosition(postgres.flushPosition),
        syncStandbys: postgres.syncStandbys.join(" "),
        access: postgres.access,
        standbys: postgres.standbys.map(standbyText).join(", "),
      };
    case "standby":
      return {
        postgres: "standby",
        timeline: postgres.timeline,
        flushPosition: formatWalPosition(postgres.flushPosition),
        replayPosition: formatWalPosition(postgres.replayPosition),
        upstream: postgres.upstream ?? null,
        receiver: postgres.receiver,
        notStreamingForMs: Math.round(postgres.notStreamingForMs),
        isPromotable: postgres.isPromotable,
      };
  }
}

type Standby = Extract<PostgresState, { kind: "primary" }>["standbys"][number];

function standbyText({ nodeId, notStreamingForMs, flushPosition, replyAgeMs }: Standby): string {
  const state = notStreamingForMs === 0 ? "streams" : `not streaming for ${Math.round(notStreamingForMs)} ms`;
  return `${nodeId} ${state}, flushed ${formatWalPosition(flushPosition)}, heard ${Math.round(replyAgeMs)} ms ago`;
}

function otherInputs({
  intent,
  highestTerm,
  peers,
  links,
  volume,
  request,
  shutdown,
  lock,
}: Observation): EventInputs {
  const holder = lock.kind === "held" ? lock.record.holder : undefined;
  const leader = peers.find(({ status }) => status.nodeId === holder);
  const seenPeers = peers.map(
    ({ status, ageMs }) => `${status.nodeId} ${status.state}, ${Math.round(ageMs)} ms ago`,
  );
  return {
    highestTerm,
    peers: seenPeers.join("; "),
    links: links.map(({ nodeId, state }) => `${nodeId} ${state}`).join("; "),
    volume,
    ...(leader && { leaderSaidAt: leader.status.observedAt }),
    ...(intent && { intent }),
    ...(request && { requestId: request.id, requestTarget: request.target }),
    ...(shutdown !== "none" && { shutdown }),
  };
}
