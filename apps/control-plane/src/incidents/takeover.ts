/** A new term of an instance that had one: from the first sign of trouble to clients and standby being back. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Discarded, Incident, Phase, Sign } from "./incident.ts";
import {
  type Around,
  beganAt,
  blockedSince,
  endOf,
  hasWorked,
  isOpening,
  isoTime,
  isPairing,
  numberOf,
  signLimitMs,
  textOf,
  timeOf,
  toSign,
  whyEnded,
} from "./timeline.ts";

/** A leader that lives renews more often. */
const silenceMs = 2_000;

export function isTakeover(event: InstanceEvent): boolean {
  return (
    event.action === "claim" && event.term > 1 && hasWorked(event) && textOf(event, "lockHolder") !== null
  );
}

export function takeover(claim: InstanceEvent, around: Around): Incident {
  const before = textOf(claim, "lockHolder") ?? "";
  const signs = signsOf(claim, before, around);
  const route = around.after.find((event) => isStep(event, claim, "route") && hasWorked(event));
  return {
    id: claim.id,
    kind: before === claim.source ? "restart" : signs.isStopped ? "switchover" : "failover",
    isPlanned: signs.isAskedFor || claim.inputs.lockPhase === "stopped",
    term: claim.term,
    before,
    after: claim.source,
    cause: signs.first,
    decision: toSign(claim),
    phases: phasesOf(claim, signs.first, route, around),
    writeGapMs: writeGap(signs.lastAcknowledgedMs, route),
    sessionsCut: sessionsCut(signs.first, route, around),
    discarded: discardedBy(before, claim, around) ?? estimatedLoss(before, claim, signs.asked),
    recoveredAt: recoveredAt(claim, route, around),
  };
}

function signsOf(claim: InstanceEvent, leader: string, { before }: Around) {
  const served = before.findLastIndex((event) => event.source === leader && isOpening(event));
  const recent = before.slice(served + 1).filter((event) => timeOf(claim) - timeOf(event) <= signLimitMs);
  const last = (isWanted: (event: InstanceEvent) => boolean) => recent.findLast(isWanted);
  const stop = last(({ source, action }) => source === leader && action === "stop");
  const requestId = textOf(stop ?? claim, "requestId");
  const asked = last(
    (event) => event.kind === "status" && requestId !== null && event.inputs.requestId === requestId,
  );
  // Since it served last, the first end is the one that counts: a start in vain ends once more.
  const fence = recent.find(({ source, action }) => source === leader && action === "fence");
  const lost = last(({ source, kind, action }) => source === leader && kind === "lock" && action === "lost");
  const ended = recent.find(
    ({ source, kind, action }) => source === leader && kind === "postgres" && action === "ended",
  );
  // Of a leader that comes back itself, the others saw its end.
  const isAgain = leader === claim.source;
  const stream = last(
    ({ source, kind, inputs }) =>
      kind === "stream" &&
      (source === claim.source) !== isAgain &&
      inputs.peer === leader &&
      inputs.postgres === "standby",
  );
  const broken = stream?.action === "broken" ? stream : undefined;
  const blocked = blockedSince(leader, recent);
  const silence: Sign = {
    at: silentSince(claim, isAgain, before),
    source: claim.source,
    reason: claim.reason,
  };
  const ends = earliestFirst([stop, ended, fence && beganAt(fence), broken, blocked]);
  const seen = earliestFirst([asked, lost, ...ends])[0];
  // A leader that nobody heard of when somebody asked.
  const first = seen === asked && asked && timeOf(asked) - timeOf(silence) > silenceMs ? undefined : seen;
  // What was asked for or stopped when the trouble was there already did not cause it.
  const isStopped = stop !== undefined && ends[0] === stop;
  return {
    asked,
    isStopped,
    isAskedFor: first !== undefined && (first === asked || (isStopped && isByHand(stop))),
    first: first ? toSign(whyEnded(first, fence)) : silence,
    lastAcknowledgedMs: timeOf(ends[0] ?? silence),
  };
}

/** And not because its volume was full. */
function isByHand({ inputs }: InstanceEvent): boolean {
  return inputs.requestId !== undefined || inputs.shutdown !== undefined;
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

function earliestFirst(events: readonly (InstanceEvent | undefined)[]): InstanceEvent[] {
  return events.filter((event) => event !== undefined).toSorted((a, b) => timeOf(a) - timeOf(b));
}

function isStep(event: InstanceEvent, { term }: InstanceEvent, action: string): boolean {
  return event.action === action && event.term === term;
}

/** Each from the end of the one before that was seen; a restart promotes nothing. */
function phasesOf(
  claim: InstanceEvent,
  cause: Sign,
  route: InstanceEvent | undefined,
  { after }: Around,
): Phase[] {
  const step = (action: string) =>
    after.find((event) => event.source === claim.source && isStep(event, claim, action) && hasWorked(event));
  const promote = step("promote");
  const open = step("open-access");
  // Behind the shut door, it is the standby that is waited for.
  const joined = after.findLast(
    (event) =>
      event.source === claim.source &&
      isStep(event, claim, "restored") &&
      open &&
      timeOf(event) <= timeOf(open),
  );
  const ends: [Phase["name"], number | undefined][] = [
    ["detected", timeOf(claim)],
    ["claimed", endOf(claim)],
    ["promoted", promote && endOf(promote)],
    ["joined", joined && timeOf(joined)],
    ["proven", open && timeOf(open)],
    ["opened", open && endOf(open)],
    ["routed", route && endOf(route)],
  ];
  let lastMs = timeOf(cause);
  return ends.flatMap(([name, atMs]) => {
    if (atMs === undefined) return [];
    const tookMs = Math.max(0, atMs - lastMs);
    lastMs = Math.max(lastMs, atMs);
    return [{ name, tookMs }];
  });
}

/**
 * How long no write could be acknowledged: from the first sign that the old leader's had come to an end, to the
 * balancer's route to the new leader. That sign is the leader's decision to stop, the end of its PostgreSQL as its
 * supervisor saw it, a fence, the beginning of a hang or of a wait for the standby as the leader saw it, or the end
 * of the WAL stream as the new leader's receiver saw it (looked at every 200 ms, so up to that much late). Of a
 * leader that fell silent only its last renewal of the lock is known: the gap began up to one renewal later, and the
 * figure is an upper bound; so it is of a PostgreSQL that hung, whose sessions may have gone on. The moments are of
 * the wall clocks of two nodes and the balancer: it is as exact as those agree.
 */
function writeGap(lastAcknowledgedMs: number, route: InstanceEvent | undefined): number | null {
  return route ? Math.max(0, endOf(route) - lastAcknowledgedMs) : null;
}

function sessionsCut(cause: Sign, route: InstanceEvent | undefined, { before, after }: Around): number {
  const untilMs = route ? endOf(route) : Number.POSITIVE_INFINITY;
  const cuts = new Set(
    [...before, ...after].filter(({ kind, action }) => kind === "route" && action !== "allow"),
  );
  return [...cuts]
    .filter((event) => timeOf(event) >= timeOf(cause) && timeOf(event) <= untilMs)
    .reduce((sum, event) => sum + (numberOf(event, "sessionsCut") ?? 0), 0);
}

/**
 * The sync record over-approximates who holds acknowledged commits (S7): one that a node claims with by right says
 * that nothing beyond that node was acknowledged. A node that took over against it may lack some.
 */
function discardedBy(nodeId: string, claim: InstanceEvent, { after }: Around): Discarded | null {
  const told = after.findLast(({ kind, source }) => kind === "rewind" && source === nodeId);
  const members = (textOf(claim, "syncMembers") ?? "").split(" ");
  const hasRight = claim.inputs.syncMode === "sync" && members.includes(claim.source);
  if (told) {
    const [bytes, transactions] = [numberOf(told, "bytes"), numberOf(told, "transactions")];
    return { bytes, transactions, acknowledged: hasRight || bytes === 0 ? 0 : null, isEstimate: false };
  }
  const isReplaced = after.some(({ action, inputs }) => action === "replacing" && inputs.lost === nodeId);
  // Its volume is deleted unread.
  return isReplaced && hasRight
    ? { bytes: null, transactions: null, acknowledged: 0, isEstimate: false }
    : null;
}

/** Whoever accepted losses was told how much the new leader lacked. */
function estimatedLoss(
  before: string,
  claim: InstanceEvent,
  asked: InstanceEvent | undefined,
): Discarded | null {
  if (asked?.inputs.acceptLoss !== true || before === claim.source) return null;
  const bytes = numberOf(asked, "estimatedLossBytes");
  return { bytes, transactions: null, acknowledged: bytes === 0 ? 0 : null, isEstimate: true };
}

/** Without a break in synchronous replication the pair is whole as soon as the new leader serves. */
function recoveredAt(
  claim: InstanceEvent,
  route: InstanceEvent | undefined,
  { after, hasStandby }: Around,
): string | null {
  if (!hasStandby) return route ? isoTime(endOf(route)) : null;
  const isPaired = (event: InstanceEvent) =>
    event.source === claim.source &&
    (isPairing(event) || (event.inputs.wantedPhase === "serving" && event.inputs.syncMode === "sync"));
  const paired = after.find(isPaired);
  return paired ? isoTime(endOf(paired)) : null;
}
