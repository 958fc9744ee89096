/** Commits of a serving leader that wait for a standby which receives nothing, as two looks show it. Pure. */
import type { EventInputs, NewEvent } from "@mainstay/domain/event.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { standbyOf } from "@mainstay/ha/primary.ts";
import { silentAfterMs } from "@mainstay/ha/sync-set.ts";

type Found = Pick<NewEvent, "kind" | "action" | "reason" | "inputs">;

/** `before` is missing in an agent that has just started. A shutdown that was asked for blocks nobody by surprise. */
export function blockedCommits(before: Observation | undefined, now: Observation): Found | undefined {
  const [was, is] = [before && waitingFor(before), waitingFor(now)];
  if (!is || now.shutdown !== "none") return undefined;
  if (is.length > 0) return (was ?? []).length > 0 ? undefined : event("blocked", now, is);
  return was && was.length > 0 ? event("resumed", now, was) : undefined;
}

interface Absent {
  readonly nodeId: string;
  readonly forMs: number;
  readonly why: string;
}

/** undefined: this node does not serve clients. */
function waitingFor({ self, lock, postgres }: Observation): Absent[] | undefined {
  if (lock.kind !== "held" || lock.record.holder !== self || lock.record.phase !== "serving")
    return undefined;
  if (postgres.kind !== "primary" || postgres.access !== "open") return undefined;
  return postgres.syncStandbys.flatMap((nodeId) => {
    const standby = standbyOf(postgres, nodeId);
    if (!standby) return [{ nodeId, forMs: 0, why: "is not attached" }];
    const { notStreamingForMs, replyAgeMs } = standby;
    if (notStreamingForMs > 0) return [{ nodeId, forMs: notStreamingForMs, why: "does not stream" }];
    return replyAgeMs >= silentAfterMs ? [{ nodeId, forMs: replyAgeMs, why: "does not answer" }] : [];
  });
}

function event(action: "blocked" | "resumed", { postgres }: Observation, absent: readonly Absent[]): Found {
  const text = absent.map(({ nodeId, why }) => `${nodeId}, which ${why}`).join(" and ");
  const isWaiting = postgres.kind === "primary" && postgres.syncStandbys.length > 0;
  const reasons = {
    blocked: `commits wait for ${text}`,
    resumed: isWaiting ? "the standby acknowledges commits again" : "commits wait for nobody any more",
  };
  const inputs: EventInputs = {
    waitedFor: absent.map(({ nodeId }) => nodeId).join(" "),
    ...(action === "blocked" && { blockedForMs: Math.round(Math.max(...absent.map(({ forMs }) => forMs))) }),
  };
  return { kind: "commits", action, reason: reasons[action], inputs };
}
