import { randomUUID } from "node:crypto";
import { ApiError, invalidArguments } from "@mainstay/api-contract/errors.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import type { Actor, Platform } from "../platform.ts";
import { recordEvent } from "../store/events.ts";
import { changeInstance } from "./find.ts";

/** Asks the leader to hand over; agents decide and do the rest. */
export function requestSwitchover(
  platform: Platform,
  id: string,
  target: string | undefined,
  actor: Actor,
): Promise<SwitchoverRequest> {
  return changeInstance(platform, id, actor, async (trx, { instance, nodes }) => {
    const sync = platform.observed.sync(instance.id);
    const candidates = sync?.mode === "sync" ? sync.members : [];
    const chosen = target ?? candidates[0];
    if (target !== undefined && !nodes.some((node) => node.id === target)) {
      const help_message = "is not a node of this instance";
      throw invalidArguments([{ argument_name: "target", reason: "constraint", help_message }]);
    }
    if (chosen === undefined || !candidates.includes(chosen)) throw noCandidate();
    const reason = "asked for through the API";
    const request: SwitchoverRequest = {
      id: randomUUID(),
      kind: "switchover",
      target: chosen,
      reason,
      acceptLoss: false,
    };
    const key = instanceKeys(instance.id).switchover;
    const options = { timeoutMs: 3_000, signal: AbortSignal.timeout(3_000) };
    await platform.store.transact([], [{ put: key, value: formatRecord(request) }], options);
    const inputs = { target: chosen, requestId: request.id };
    await recordEvent(trx, instance.id, { kind: "status", action: "switchover", reason, term: 0, inputs });
    return request;
  });
}

function noCandidate(): ApiError {
  const help_message = "only a synchronous standby can take over without losing anything";
  return new ApiError(
    { type: "precondition_failed", precondition: "unknown_precondition", help_message },
    help_message,
  );
}
