/** Commits that waited for a standby which received nothing, until it did again. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Incident } from "./incident.ts";
import { isLoss } from "./standby-loss.ts";
import { isTakeover } from "./takeover.ts";
import { type Around, beganAt, isoTime, signLimitMs, timeOf, toSign } from "./timeline.ts";

/** Not what ended with the standby's loss or with another leader: those incidents begin with it. */
export function isBlocking(
  event: InstanceEvent,
  earlier: readonly InstanceEvent[],
  later: readonly InstanceEvent[],
): boolean {
  if (!isWait(event) || event.action !== "blocked") return false;
  // An agent that starts meanwhile says it again.
  if (earlier.findLast((one) => isWait(one) && one.source === event.source)?.action === "blocked")
    return false;
  const isOwn = ({ source }: InstanceEvent) => source === event.source;
  const end = later.find((one) => (isOwn(one) && (isEnd(one) || isLoss(one))) || isTakeover(one));
  if (end === undefined || (isOwn(end) && isEnd(end))) return true;
  return !isLoss(end) && timeOf(end) - timeOf(event) > signLimitMs;
}

export function blockedCommits(start: InstanceEvent, { after }: Around): Incident {
  const since = beganAt(start);
  const end = after.find((event) => event.source === start.source && isEnd(event));
  const tookMs = (from: InstanceEvent, to: InstanceEvent) => timeOf(to) - timeOf(from);
  return {
    ...{ id: start.id, kind: "blocked-commits", isPlanned: false, term: start.term },
    ...{ before: start.source, after: null, cause: toSign(since), decision: toSign(start) },
    phases: [
      { name: "detected", tookMs: tookMs(since, start) },
      ...(end ? [{ name: "resumed" as const, tookMs: tookMs(start, end) }] : []),
    ],
    writeGapMs: end ? tookMs(since, end) : null,
    sessionsCut: 0,
    discarded: null,
    recoveredAt: end?.action === "resumed" ? isoTime(timeOf(end)) : null,
  };
}

function isWait({ kind }: InstanceEvent): boolean {
  return kind === "commits";
}

/** What follows a new start of its PostgreSQL is another incident. */
function isEnd(event: InstanceEvent): boolean {
  return (isWait(event) && event.action === "resumed") || event.action === "start-primary";
}
