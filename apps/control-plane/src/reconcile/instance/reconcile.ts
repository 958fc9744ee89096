import { createWaker, type Waker } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { updateInstance } from "../../store/instances.ts";
import { type ActPorts, actOnInstance, type Outcome } from "./act.ts";
import { decideInstance } from "./decide.ts";
import type { InstanceStep } from "./instance-step.ts";
import { observeInstance } from "./observe.ts";

export interface ReconcilePorts extends ActPorts {
  readonly log: Log;
  readonly wakers: Set<Waker>;
}

/** After this long a run ends, and the timer starts the next: a job is never at work for ever. */
const runLimitMs = 30_000;
const afterFailureMs = 500;

/** Passes back to back until the instance is as desired. */
export async function reconcileInstance(
  id: string,
  ports: ReconcilePorts,
  signal: AbortSignal,
): Promise<void> {
  const log = ports.log.child({ instanceId: id });
  const waker = createWaker();
  ports.wakers.add(waker);
  try {
    const deadline = performance.now() + runLimitMs;
    let lastReason = "";
    while (!signal.aborted && performance.now() < deadline) {
      const { outcome, step } = await pass(id, ports, signal, lastReason, log);
      if (outcome.kind === "settled") return;
      if (outcome.kind === "wait") await waker.wait(outcome.forMs, signal);
      lastReason = step?.reason ?? "";
    }
  } finally {
    ports.wakers.delete(waker);
  }
}

async function pass(
  id: string,
  ports: ReconcilePorts,
  signal: AbortSignal,
  lastReason: string,
  log: Log,
): Promise<{ outcome: Outcome; step?: InstanceStep }> {
  try {
    const seen = await observeInstance(id, ports, signal);
    const step = decideInstance(seen);
    if (step.reason !== lastReason) log.info({ step: step.step, reason: step.reason }, "decided");
    if (!seen.record) return { outcome: { kind: "settled" }, step };
    const { status, status_reason } = seen.record.instance;
    // Whoever waits sees each step.
    if (step.step !== "settled" && status !== "ready" && status_reason !== step.reason) {
      await updateInstance(ports.db, id, { status_reason: step.reason });
    }
    return { outcome: await actOnInstance(step, seen.record, ports, signal), step };
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, "pass failed, trying again");
    return { outcome: { kind: "wait", forMs: afterFailureMs } };
  }
}
