/**
 * F48: a leader is replaced by choice (its PostgreSQL ended, its volume is full) only so often. Whatever kills one
 * primary after the other must not go round for ever. No choice is a lock that ran out, whose holder is fenced, nor a
 * node that is down.
 */
import type { Observation } from "./observation.ts";

export const takeoversAnHour = 3;
const hourMs = 3_600_000;

export function isBudgetLeft({ sync, wallMs }: Pick<Observation, "sync" | "wallMs">): boolean {
  return sync.kind === "recorded" && recent(sync.record.takeovers, wallMs).length < takeoversAnHour;
}

/** `takeovers` with one more, without those that no longer count. */
export function withTakeover(takeovers: readonly string[], wallMs: number): string[] {
  return [...recent(takeovers, wallMs), new Date(wallMs).toISOString()];
}

/** A clock that was set back makes some seem to lie ahead: they count. */
function recent(takeovers: readonly string[], wallMs: number): string[] {
  return takeovers.filter((at) => Math.abs(wallMs - Date.parse(at)) < hourMs);
}
