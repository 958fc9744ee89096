/** A new term of an instance that had one: from the first sign of trouble to clients and standby being back. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Discarded, Incident, Phase, Sign } from "./incident.ts";
import { signsOf } from "./takeover-signs.ts";
import {
  type Around,
  endOf,
  hasWorked,
  isoTime,
  isPairing,
  numberOf,
  textOf,
  timeOf,
  toSign,
} from "./timeline.ts";

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

/** How long no write could be acknowledged, see docs/spec/events.md; null: it is not over. */
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
