import { ComputeError } from "@mainstay/compute/compute.ts";
import { createWaker } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import type { Sleeper } from "../../observed/observed-instances.ts";
import { updateInstance } from "../../store/instances.ts";
import type { InstanceRow } from "../../store/schema.ts";
import { type ActPorts, actOnInstance, actOnRemains, type Outcome } from "./act.ts";
import { decideInstance } from "./decide.ts";
import type { InstanceStep } from "./instance-step.ts";
import { observeInstance } from "./observe.ts";
import type { SeenInstance } from "./seen.ts";

export interface ReconcilePorts extends ActPorts {
  readonly log: Log;
  readonly sleepers: Set<Sleeper>;
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
  const sleeper = { instanceId: id, waker };
  ports.sleepers.add(sleeper);
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
    ports.sleepers.delete(sleeper);
  }
}

async function pass(
  id: string,
  ports: ReconcilePorts,
  signal: AbortSignal,
  lastReason: string,
  log: Log,
): Promise<{ outcome: Outcome; step?: InstanceStep }> {
  let seen: SeenInstance | undefined;
  let step: InstanceStep | undefined;
  try {
    seen = await observeInstance(id, ports, signal);
    step = decideInstance(seen);
    if (step.reason !== lastReason) log.info({ step: step.step, reason: step.reason }, "decided");
    if (!seen.record) return { outcome: await actOnRemains(step, id, ports, signal), step };
    const { status, status_reason } = seen.record.instance;
    // Whoever waits sees each step, and of one that is tried again why it failed.
    const isNews = step.reason !== lastReason && status_reason !== step.reason;
    if (step.step !== "settled" && status !== "ready" && isNews) {
      await updateInstance(ports.db, id, { status_reason: step.reason });
    }
    return { outcome: await actOnInstance(step, seen.record, ports, signal), step };
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, "pass failed, trying again");
    if (seen?.record && step) await tellFailure(seen.record.instance, step, error, ports);
    return { outcome: { kind: "wait", forMs: afterFailureMs }, ...(step && { step }) };
  }
}

/** Only what whoever waits can do something about; the rest is in the log. */
async function tellFailure(
  { id, status }: InstanceRow,
  { reason }: InstanceStep,
  error: unknown,
  ports: ActPorts,
) {
  if (!(error instanceof ComputeError) || error.fault.code !== "volume-full" || status === "ready") return;
  const [free, needed] = [error.fault.freeBytes, error.fault.neededBytes].map((bytes) =>
    Math.floor(bytes / 1e6),
  );
  const why = `the disk has ${free} MB free and ${needed} MB are needed`;
  await updateInstance(ports.db, id, { status_reason: `${reason}, but ${why}` }).catch(() => {});
}
