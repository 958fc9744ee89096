/** What every teller of incidents needs of the events around them. */
import type { EventOutcome, InstanceEvent } from "@mainstay/domain/event.ts";
import type { Sign } from "./incident.ts";

/** Events in the order of time: from the takeover before the incident to its start, and on to the next takeover. */
export interface Around {
  readonly before: readonly InstanceEvent[];
  readonly after: readonly InstanceEvent[];
  readonly hasStandby: boolean;
}

/** A sign that is older is of something else. */
export const signLimitMs = 60_000;
const fenceLimitMs = 1_000;

export function timeOf({ at }: { readonly at: string }): number {
  return Date.parse(at);
}

export function endOf(event: InstanceEvent): number {
  return timeOf(event) + (event.tookMs ?? 0);
}

export function toSign({ at, source, reason }: InstanceEvent): Sign {
  return { at, source, reason };
}

export function hasWorked({ failure }: EventOutcome): boolean {
  return failure === undefined;
}

export function numberOf({ inputs }: InstanceEvent, name: string): number | null {
  const value = inputs[name];
  return typeof value === "number" ? value : null;
}

/** The event, at the time from which on what it tells of was so. */
export function beganAt(event: InstanceEvent): InstanceEvent {
  const { inputs } = event;
  const isHung = event.action === "fence" && inputs.postgres === "hung";
  const forMs = numberOf(event, isHung ? "forMs" : "blockedForMs") ?? 0;
  return { ...event, at: isoTime(timeOf(event) - forMs) };
}

/** PostgreSQL's end, with the reason of the fence that was its cause: either may be told of first. */
export function whyEnded(sign: InstanceEvent, fence: InstanceEvent | undefined): InstanceEvent {
  const isFenced = sign.action === "ended" && fence && Math.abs(timeOf(fence) - timeOf(sign)) <= fenceLimitMs;
  return isFenced ? { ...sign, reason: fence.reason } : sign;
}

/** The newest word of a leader on its commits, when that is that they wait in vain. */
export function blockedSince(leader: string, before: readonly InstanceEvent[]): InstanceEvent | undefined {
  const last = before.findLast(({ source, kind }) => source === leader && kind === "commits");
  return last?.action === "blocked" ? beganAt(last) : undefined;
}

/** A text input of which an empty one says nothing. */
export function textOf({ inputs }: InstanceEvent, name: string): string | null {
  const value = inputs[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** From here on clients came in: what was before is over. */
export function isOpening(event: InstanceEvent): boolean {
  return event.action === "open-access" && hasWorked(event);
}

/** The leader's decision after which commits wait for a standby again. */
export function isPairing(event: InstanceEvent): boolean {
  return event.action === "record-sync" && event.inputs.wantedMode === "sync" && hasWorked(event);
}
