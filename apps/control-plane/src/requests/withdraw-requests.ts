/**
 * Withdraws a request for another leader that nobody carried out: whoever asked has stopped waiting, and a node that
 * is back much later must not act on it. Timed by each replica from when it saw the request.
 */
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import type { ObservedInstances, ObservedRequest } from "../observed/observed-instances.ts";
import { ownEvent, storedEvent } from "../store/events.ts";

const everyMs = 1_000;

export interface WithdrawPorts {
  readonly store: Store;
  readonly observed: Pick<ObservedInstances, "requests">;
  readonly log: Log;
}

/** Runs until aborted. */
export function withdrawRequests(
  { store, observed, log }: WithdrawPorts,
  requestLifeMs: number,
  signal: AbortSignal,
): Promise<void> {
  async function withdraw({ instanceId, revision, request }: ObservedRequest): Promise<void> {
    const key = instanceKeys(instanceId).switchover;
    const reason = `nobody carried out the request for another leader within ${requestLifeMs / 1_000} s`;
    const inputs = { requestId: request?.id ?? null, target: request?.target ?? null };
    const step = { kind: "status", action: "withdraw-request", term: request?.term ?? 0 } as const;
    const event = storedEvent(instanceId, ownEvent({ ...step, reason, inputs }));
    // Where the request has changed or is gone, this does nothing.
    await store.transact([{ key, modRevision: revision }], [{ delete: key }, event], {
      timeoutMs: 3_000,
      signal,
    });
  }

  const pass = async () => {
    for (const seen of observed.requests()) if (seen.forMs >= requestLifeMs) await withdraw(seen);
  };
  return runLoop({ name: "requests", pass, everyMs, log, signal });
}
