/** The incidents of an instance, as its events tell them. Pure. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Incident } from "./incident.ts";
import { isLoss, standbyLoss } from "./standby-loss.ts";
import { isTakeover, takeover } from "./takeover.ts";

/** `hasStandby`: the instance is one of several nodes. Newest first; the order of `events` does not matter. */
export function incidents(events: readonly InstanceEvent[], hasStandby: boolean): Incident[] {
  const inOrder = events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const starts = inOrder.filter((event) => isTakeover(event) || isLoss(event));
  const found = starts.map((start, index) => {
    const from = starts.slice(0, index).findLast(isTakeover)?.at ?? "";
    const until = starts.slice(index + 1).find(isTakeover)?.at;
    const around = {
      before: inOrder.filter(({ at }) => at >= from && at <= start.at),
      after: inOrder.filter(({ at }) => at >= start.at && (until === undefined || at < until)),
      hasStandby,
    };
    return isTakeover(start) ? takeover(start, around) : standbyLoss(start, around);
  });
  return found.toReversed();
}
