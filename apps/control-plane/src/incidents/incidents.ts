/** The incidents of an instance, as its events tell them. Pure. */
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import { blockedCommits, isBlocking } from "./blocked-commits.ts";
import type { Incident } from "./incident.ts";
import { isRestartInPlace, restartInPlace } from "./restart-in-place.ts";
import { isLoss, standbyLoss } from "./standby-loss.ts";
import { isTakeover, takeover } from "./takeover.ts";
import type { Around } from "./timeline.ts";

/** `hasStandby`: the instance is one of several nodes. Newest first; the order of `events` does not matter. */
export function incidents(events: readonly InstanceEvent[], hasStandby: boolean): Incident[] {
  const inOrder = events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const starts = inOrder.flatMap((event, index) => {
    const tell = tellerOf(event, inOrder.slice(0, index), inOrder.slice(index + 1));
    return tell ? [{ event, tell }] : [];
  });
  const takeovers = starts.map(({ event }) => event).filter(isTakeover);
  const found = starts.map(({ event, tell }) => {
    const from = takeovers.findLast(({ at, id }) => at <= event.at && id !== event.id)?.at ?? "";
    const until = takeovers.find(({ at, id }) => at >= event.at && id !== event.id)?.at;
    return tell(event, {
      before: inOrder.filter(({ at }) => at >= from && at <= event.at),
      after: inOrder.filter(({ at }) => at >= event.at && (until === undefined || at < until)),
      hasStandby,
    });
  });
  return found.toReversed();
}

function tellerOf(
  event: InstanceEvent,
  earlier: readonly InstanceEvent[],
  later: readonly InstanceEvent[],
): ((event: InstanceEvent, around: Around) => Incident) | undefined {
  if (isTakeover(event)) return takeover;
  if (isLoss(event)) return standbyLoss;
  if (isRestartInPlace(event, earlier)) return restartInPlace;
  return isBlocking(event, earlier, later) ? blockedCommits : undefined;
}
