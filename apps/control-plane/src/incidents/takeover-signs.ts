/** The signs before a takeover: what was seen of the old leader's end, and which of it was the cause. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Sign } from "./incident.ts";
import {
  type Around,
  beganAt,
  blockedSince,
  isOpening,
  isoTime,
  numberOf,
  signLimitMs,
  textOf,
  timeOf,
  toSign,
  whyEnded,
} from "./timeline.ts";

/** A leader that lives renews more often. */
const silenceMs = 2_000;

export interface Signs {
  /** The cause. */
  readonly first: Sign;
  /** The request by hand, whether or not it was the cause. */
  readonly asked: InstanceEvent | undefined;
  readonly isAskedFor: boolean;
  /** The old leader's stop was what ended its writes. */
  readonly isStopped: boolean;
  readonly lastAcknowledgedMs: number;
}

export function signsOf(claim: InstanceEvent, leader: string, around: Around): Signs {
  return judge(findSigns(claim, leader, around));
}

/** Of the old leader, since it served last; `silence`: its last renewal, of which there always is one. */
interface FoundSigns {
  readonly asked: InstanceEvent | undefined;
  readonly stop: InstanceEvent | undefined;
  readonly fence: InstanceEvent | undefined;
  readonly lost: InstanceEvent | undefined;
  readonly ended: InstanceEvent | undefined;
  readonly broken: InstanceEvent | undefined;
  readonly blocked: InstanceEvent | undefined;
  readonly silence: Sign;
}

function findSigns(claim: InstanceEvent, leader: string, { before }: Around): FoundSigns {
  const served = before.findLastIndex((event) => event.source === leader && isOpening(event));
  const recent = before.slice(served + 1).filter((event) => timeOf(claim) - timeOf(event) <= signLimitMs);
  const own = recent.filter(({ source }) => source === leader);
  const stop = own.findLast(({ action }) => action === "stop");
  const requestId = textOf(stop ?? claim, "requestId");
  // Of a leader that comes back itself, the others saw its end.
  const isAgain = leader === claim.source;
  const stream = recent.findLast(
    ({ source, kind, inputs }) =>
      kind === "stream" &&
      (source === claim.source) !== isAgain &&
      inputs.peer === leader &&
      inputs.postgres === "standby",
  );
  return {
    asked: recent.findLast(
      ({ kind, inputs }) => kind === "status" && requestId !== null && inputs.requestId === requestId,
    ),
    stop,
    // The first end is the one that counts: a start in vain ends once more.
    fence: own.find(({ action }) => action === "fence"),
    lost: own.findLast(({ kind, action }) => kind === "lock" && action === "lost"),
    ended: own.find(({ kind, action }) => kind === "postgres" && action === "ended"),
    broken: stream?.action === "broken" ? stream : undefined,
    blocked: blockedSince(leader, recent),
    silence: { at: silentSince(claim, isAgain, before), source: claim.source, reason: claim.reason },
  };
}

/**
 * Nothing was seen of the leader after its last renewal. A node that was down itself has seen none since it is back:
 * then it was no later than what the leader said last, to be found in the store.
 */
function silentSince(claim: InstanceEvent, isAgain: boolean, before: readonly InstanceEvent[]): string {
  const began = before.findLast(
    ({ source, action }) => source === claim.source && action === "agent-started",
  );
  const renewedMs = timeOf(claim) - (numberOf(claim, "lockAgeMs") ?? 0);
  const said = isAgain ? began && textOf(began, "lastSaidAt") : textOf(claim, "leaderSaidAt");
  return said && began && renewedMs <= timeOf(began) ? said : isoTime(renewedMs);
}

function judge({ asked, stop, fence, lost, ended, broken, blocked, silence }: FoundSigns): Signs {
  const ends = earliestFirst([stop, ended, fence && beganAt(fence), broken, blocked]);
  const seen = earliestFirst([asked, lost, ...ends])[0];
  // A leader that nobody heard of when somebody asked.
  const isLate = seen === asked && asked && timeOf(asked) - timeOf(silence) > silenceMs;
  const first = isLate ? undefined : seen;
  // What was asked for or stopped when the trouble was there already did not cause it.
  const isStopped = stop !== undefined && ends[0] === stop;
  return {
    first: first ? toSign(whyEnded(first, fence)) : silence,
    asked,
    isAskedFor: first !== undefined && (first === asked || (isStopped && isByHand(stop))),
    isStopped,
    lastAcknowledgedMs: timeOf(ends[0] ?? silence),
  };
}

function earliestFirst(events: readonly (InstanceEvent | undefined)[]): InstanceEvent[] {
  return events.filter((event) => event !== undefined).toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** And not because its volume was full. */
function isByHand({ inputs }: InstanceEvent): boolean {
  return inputs.requestId !== undefined || inputs.shutdown !== undefined;
}
