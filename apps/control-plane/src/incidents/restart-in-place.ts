/** A leader whose PostgreSQL ended and was started again within its term: nobody else could lead. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Incident } from "./incident.ts";
import {
  type Around,
  beganAt,
  endOf,
  isOpening,
  isoTime,
  isPairing,
  signLimitMs,
  textOf,
  timeOf,
  toSign,
  whyEnded,
} from "./timeline.ts";

/** The first start after it had served; what follows until it opens belongs to the same outage. */
export function isRestartInPlace(event: InstanceEvent, earlier: readonly InstanceEvent[]): boolean {
  if (!isStart(event)) return false;
  const last = earlier.findLast((one) => one.source === event.source && (isStart(one) || isOpening(one)));
  return last === undefined || !isStart(last);
}

function isStart(event: InstanceEvent): boolean {
  const { action, source, inputs } = event;
  return (
    action === "start-primary" && inputs.lockPhase === "serving" && textOf(event, "lockHolder") === source
  );
}

export function restartInPlace(start: InstanceEvent, { before, after, hasStandby }: Around): Incident {
  const leader = start.source;
  const cause = firstSign(start, before) ?? start;
  const open = after.find((event) => event.source === leader && isOpening(event));
  const isWhole = !hasStandby || open?.inputs.syncMode === "sync";
  const whole = isWhole ? open : after.find((event) => event.source === leader && isPairing(event));
  return {
    ...{ id: start.id, kind: "restart", isPlanned: false, term: start.term, before: leader, after: leader },
    cause: toSign(cause),
    decision: toSign(start),
    phases: [
      { name: "detected", tookMs: timeOf(start) - timeOf(cause) },
      ...(open ? [{ name: "proven" as const, tookMs: timeOf(open) - timeOf(start) }] : []),
      ...(open ? [{ name: "opened" as const, tookMs: endOf(open) - timeOf(open) }] : []),
    ],
    // The balancer's route stays: clients are back when the door is open.
    writeGapMs: open ? endOf(open) - timeOf(cause) : null,
    sessionsCut: 0,
    discarded: null,
    recoveredAt: whole ? isoTime(endOf(whole)) : null,
  };
}

/** The fence that ended PostgreSQL, or its end. */
function firstSign(start: InstanceEvent, before: readonly InstanceEvent[]): InstanceEvent | undefined {
  const own = before.filter((event) => event.source === start.source && event.id !== start.id);
  const recent = own.slice(1 + own.findLastIndex(isOpening));
  const sign = recent.find(
    (event) =>
      (event.action === "fence" || (event.kind === "postgres" && event.action === "ended")) &&
      timeOf(start) - timeOf(event) <= signLimitMs,
  );
  return (
    sign &&
    whyEnded(
      beganAt(sign),
      own.findLast(({ action }) => action === "fence"),
    )
  );
}
