/** Events for tests, which state only what matters. */
import type { EventInputs, InstanceEvent } from "@mainstay/domain/event.ts";

/** Milliseconds after a moment, source, kind, action, and what else matters. */
export type Line = readonly [number, string, InstanceEvent["kind"], string, Partial<InstanceEvent>?];

const began = Date.parse("2026-01-01T00:00:00Z");
export const at = (ms: number) => new Date(began + ms).toISOString();

export function events(...lines: readonly Line[]): InstanceEvent[] {
  return lines.map(([ms, source, kind, action, more], index) => ({
    ...{ id: `${source}/${index}`, at: at(ms), source, kind, action, reason: action, term: 2, inputs: {} },
    ...more,
  }));
}

export const claim = (ms: number, inputs: EventInputs = {}): Line => [
  ms,
  "b",
  "decision",
  "claim",
  {
    tookMs: 10,
    reason: "a is gone",
    inputs: { lockHolder: "a", lockPhase: "serving", lockAgeMs: 2_000, ...inputs },
  },
];
export const opening = (claimed: number): Line[] => [
  [claimed + 20, "b", "decision", "detach", { tookMs: 15 }],
  [claimed + 40, "b", "decision", "promote", { tookMs: 50 }],
  [
    claimed + 100,
    "b",
    "decision",
    "record-sync",
    { inputs: { lockPhase: "claimed", syncMode: "sync", wantedMode: "async" } },
  ],
  [claimed + 150, "b", "decision", "open-access", { tookMs: 30 }],
  [
    claimed + 190,
    "b",
    "decision",
    "set-phase",
    { tookMs: 5, inputs: { wantedPhase: "serving", syncMode: "async" } },
  ],
  [claimed + 200, "balancer", "route", "route", { tookMs: 5, inputs: { sessionsCut: 0, target: "b" } }],
];
export const rest = ([, ...line]: Line) => line;
export const broken: Line = [
  100,
  "b",
  "stream",
  "broken",
  { reason: "the WAL stream from a", inputs: { peer: "a", postgres: "standby" } },
];
export const cut: Line = [1_950, "balancer", "route", "close", { term: 1, inputs: { sessionsCut: 7 } }];
export const paired: Line = [
  9_000,
  "b",
  "decision",
  "record-sync",
  { tookMs: 5, inputs: { syncMode: "async", wantedMode: "sync" } },
];
