/** What the balancer did to an instance's HAProxy, as events of that instance. */
import type { EventLog } from "@mainstay/dcs/event-log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { Acted } from "./act.ts";
import type { RouteAction } from "./decide.ts";
import type { WantedRoute } from "./route.ts";

const failureLimit = 500;

export type RouteEvents = ReturnType<typeof createRouteEvents>;

export function createRouteEvents(log: EventLog) {
  /** A step that fails again in the same way is tried every second: it is told once. */
  const failures = new Map<string, string>();

  return {
    /** Carries out the decision and tells how it went. */
    async during(
      { action, reason }: RouteAction,
      { instanceId, term, generation, target }: WantedRoute,
      act: () => Promise<Acted>,
    ): Promise<void> {
      const startedMs = monotonicMs();
      const at = new Date().toISOString();
      const tell = (sessionsCut: number, failure?: string) => {
        const to = target ? `${target.address}:${target.port}` : null;
        log.record(instanceId, {
          ...{ at, kind: "route", action, reason, term },
          inputs: { generation, target: to, sessionsCut },
          tookMs: Math.round(monotonicMs() - startedMs),
          ...(failure !== undefined && { failure }),
        });
      };
      try {
        const { sessionsCut } = await act();
        failures.delete(instanceId);
        tell(sessionsCut);
      } catch (error) {
        const failure = String(error).slice(0, failureLimit);
        if (failures.get(instanceId) !== `${action} ${failure}`) tell(0, failure);
        failures.set(instanceId, `${action} ${failure}`);
        throw error;
      }
    },
    forget: (instanceId: string) => failures.delete(instanceId),
  };
}
