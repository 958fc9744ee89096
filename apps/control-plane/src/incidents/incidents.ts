/** The incidents of an instance, as its events tell them. Pure. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Incident } from "./incident.ts";
import { isRestartInPlace, restartInPlace } from "./restart-in-place.ts";
import { isLoss, standbyLoss } from "./standby-loss.ts";
import { isTakeover, takeover } from "./takeover.ts";

/** `hasStandby`: the instance is one of several nodes. Newest first; the order of `events` does not matter. */
export function incidents(events: readonly InstanceEvent[], hasStandby: boolean): Incident[] {
  const inOrder = events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const starts = inOrder.filter(
    (event, index) => isTakeover(event) || isLoss(event) || isRestartInPlace(event, inOrder.slice(0, index)),
  );
  const found = starts.map((start, index) => {
    const from = starts.slice(0, index).findLast(isTakeover)?.at ?? "";
    const until = starts.slice(index + 1).find(isTakeover)?.at;
    const around = {
      before: inOrder.filter(({ at }) => at >= from && at <= start.at),
      after: inOrder.filter(({ at }) => at >= start.at && (until === undefined || at < until)),
      hasStandby,
    };
    if (isTakeover(start)) return takeover(start, around);
    return isLoss(start) ? standbyLoss(start, around) : restartInPlace(start, around);
  });
  return found.toReversed();
}
