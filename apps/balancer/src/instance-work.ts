/** Work on instances: many at once, one at a time for each, so that a slow HAProxy holds up its own instance only. */
import type { Log } from "@mainstay/runtime/log.ts";

export type InstanceWork = ReturnType<typeof createInstanceWork>;

/** `onSkippedEnd` is called when an instance can be looked at that was skipped while it was worked on. */
export function createInstanceWork(log: Log, onSkippedEnd: () => void) {
  const running = new Map<string, Promise<void>>();
  const skipped = new Set<string>();

  async function carryOut(instanceId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error({ instanceId, err: error }, "an instance could not be balanced");
    }
    running.delete(instanceId);
    // Only then: a step that fails at once would otherwise be tried again without a pause.
    if (skipped.delete(instanceId)) onSkippedEnd();
  }

  return {
    /** Begins the work, or skips the instance while an earlier one goes on. */
    begin(instanceId: string, work: () => Promise<void>): void {
      if (running.has(instanceId)) skipped.add(instanceId);
      else running.set(instanceId, carryOut(instanceId, work));
    },
    /** Resolves when what has begun is over. Never rejects. */
    async ended(): Promise<void> {
      await Promise.all(running.values());
    },
  };
}
