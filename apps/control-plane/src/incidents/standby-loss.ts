/** A leader that went on without its standby. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Incident } from "./incident.ts";
import {
  type Around,
  blockedSince,
  endOf,
  hasWorked,
  isoTime,
  isPairing,
  textOf,
  timeOf,
  toSign,
} from "./timeline.ts";

/** While a new leader opens, the standby it does not have yet is the old leader: part of that takeover. */
export function isLoss(event: InstanceEvent): boolean {
  const { action, inputs } = event;
  const isLetGo = action === "record-sync" && inputs.wantedMode === "async" && inputs.syncMode === "sync";
  return isLetGo && inputs.lockPhase === "serving" && hasWorked(event);
}

export function standbyLoss(decision: InstanceEvent, { before, after }: Around): Incident {
  const leader = decision.source;
  const lost = textOf(decision, "syncMembers");
  const stream = before.findLast(
    ({ source, kind, inputs }) => source === leader && kind === "stream" && inputs.peer === lost,
  );
  const blocked = blockedSince(leader, before) ?? (stream?.action === "broken" ? stream : undefined);
  const cause = blocked ?? decision;
  const released = after.find(
    ({ source, action, inputs }) =>
      source === leader && action === "set-sync-standbys" && inputs.wantedStandbys === "",
  );
  const paired = after.find((event) => event.source === leader && isPairing(event));
  const releasedMs = released && endOf(released);
  return {
    id: decision.id,
    kind: "standby-loss",
    isPlanned: false,
    term: decision.term,
    before: leader,
    after: null,
    cause: toSign(cause),
    decision: toSign(decision),
    phases: [
      { name: "detected", tookMs: timeOf(decision) - timeOf(cause) },
      ...(releasedMs === undefined
        ? []
        : [{ name: "released" as const, tookMs: releasedMs - timeOf(decision) }]),
    ],
    // Commits waited from the standby's last answer, or the stream's end, until the setting was empty.
    writeGapMs: blocked && releasedMs !== undefined ? releasedMs - timeOf(blocked) : null,
    sessionsCut: 0,
    discarded: null,
    recoveredAt: paired ? isoTime(endOf(paired)) : null,
  };
}
