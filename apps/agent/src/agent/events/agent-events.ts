/** The agent's events: what it decides, how that ended, and what happened to its node meanwhile. */
import { runLoop, type Waker } from "@mainstay/control-loop/run-loop.ts";
import type { EventLog } from "@mainstay/dcs/event-log.ts";
import type { EventOutcome, NewEvent } from "@mainstay/domain/event.ts";
import type { Decision } from "@mainstay/ha/decision.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import type { SupervisorState } from "../../supervisor/protocol.ts";
import { changes, type Look } from "./changes.ts";
import { summarise, wishes } from "./summary.ts";

const retryMs = 1_000;
/** Most actions end in this time: their event is then written once. */
const gatherMs = 50;
const failureLimit = 500;

export type AgentEvents = ReturnType<typeof createAgentEvents>;

/** `lastSaidAt`: the time of this node's status in the store, which until the first look is of an earlier agent. */
export function createAgentEvents(instanceId: string, log: EventLog, lastSaidAt: () => string | null) {
  let before: Look | undefined;
  let told = "";
  let lastFailure: string | undefined;

  const record = (event: NewEvent) => log.record(instanceId, event);

  function look(seen: Observation, { bootId, exits, ended, fenced }: SupervisorState): void {
    const now = { seen, supervisor: { bootId, exits, ended, fenced } };
    // An end or a fence before this agent is reported again, under the same id.
    const none = { supervisor: { bootId, exits: 0, ended: null, fenced: null } };
    for (const event of changes(before ?? none, now)) record(event);
    if (!before) record(started(seen, lastSaidAt()));
    before = now;
  }

  return {
    record,
    /**
     * Carries out `decision`, and records it when it differs from the one before, or fares differently than the
     * same one did before.
     */
    async during(
      decision: Decision,
      seen: Observation,
      supervisor: SupervisorState,
      act: () => Promise<void>,
    ): Promise<void> {
      look(seen, supervisor);
      const line = `${decision.action}: ${decision.reason}`;
      const isNews = line !== told;
      const settle = isNews ? record(decided(decision, seen)) : undefined;
      if (isNews) lastFailure = undefined;
      told = line;
      const end = (outcome: EventOutcome) => {
        if (settle) settle(outcome);
        else if (outcome.failure !== lastFailure) record({ ...decided(decision, seen), ...outcome });
        lastFailure = outcome.failure;
      };
      if (decision.action === "wait") return act();
      const startedMs = monotonicMs();
      const tookMs = () => Math.round(monotonicMs() - startedMs);
      try {
        await act();
        end({ tookMs: tookMs() });
      } catch (error) {
        end({ tookMs: tookMs(), failure: String(error).slice(0, failureLimit) });
        throw error;
      }
    },
  };
}

/** Writes them beside everything else, as soon as there are some. */
export function writeEvents(events: EventLog, waker: Waker, log: Log, signal: AbortSignal): Promise<void> {
  const pass = async (passSignal: AbortSignal) => {
    await pause(gatherMs, passSignal);
    await events.flush(passSignal);
  };
  return runLoop({ name: "events", pass, everyMs: retryMs, waker, log, signal });
}

function decided(decision: Decision, seen: Observation): NewEvent {
  const { action, reason } = decision;
  const { highestTerm, lock } = seen;
  const seenTerm = lock.kind === "held" ? lock.record.term : highestTerm;
  const term = decision.action === "claim" ? decision.lock.term : seenTerm;
  return { kind: "decision", action, reason, term, inputs: { ...summarise(seen), ...wishes(decision) } };
}

function started(seen: Observation, lastSaidAt: string | null): NewEvent {
  const reason = "this node's agent began";
  return {
    kind: "process",
    action: "agent-started",
    reason,
    term: seen.highestTerm,
    inputs: { ...summarise(seen), lastSaidAt },
  };
}
