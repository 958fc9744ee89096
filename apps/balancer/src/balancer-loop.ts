/** The balancer's loop: looks at instances and takes the steps that their HAProxies need. */
import { randomUUID } from "node:crypto";
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import { createEventLog, guardFrom } from "@mainstay/dcs/event-log.ts";
import { instancesPrefix } from "@mainstay/dcs/keys.ts";
import { openPrefixView, type PrefixView } from "@mainstay/dcs/prefix-view.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { act } from "./act.ts";
import type { Config } from "./config.ts";
import { decideRoute } from "./decide.ts";
import { createHaproxyLooks, type HaproxyLooks } from "./haproxy/looks.ts";
import { stopHaproxy } from "./haproxy/process.ts";
import { createInstanceWork, type InstanceWork } from "./instance-work.ts";
import { wantedRoutes } from "./observe.ts";
import { knownInstances, placeOf, readKnown, removePlace } from "./places.ts";
import type { WantedRoute } from "./route.ts";
import { createRouteEvents, type RouteEvents } from "./route-events.ts";

/** Every HAProxy is looked at this often; in between, only those that the store wants otherwise. */
const everyMs = 500;
/** Start, allow and route of a new instance need three steps; what needs more waits for the next pass. */
const stepsAPass = 4;

export async function runBalancer(
  config: Config,
  store: Store,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const waker = createWaker();
  const view = openPrefixView(store, instancesPrefix, () => waker.wake(), signal);
  const eventsWaker = createWaker();
  const eventLog = createEventLog({
    ...{ store, source: "balancer", runId: `${Date.now()}-${randomUUID().slice(0, 8)}` },
    guardOf: (instanceId) => guardFrom(view, instanceId),
    now: () => new Date(),
    onRecord: () => eventsWaker.wake(),
  });
  const memory: Memory = {
    ...{ log, told: new Map(), settled: new Map() },
    ...{ events: createRouteEvents(eventLog), looks: createHaproxyLooks() },
  };
  const work = createInstanceWork(log, () => waker.wake());
  let lookedAtAllMs = Number.NEGATIVE_INFINITY;
  const pass = (passSignal: AbortSignal) => {
    if (monotonicMs() - lookedAtAllMs >= everyMs) {
      lookedAtAllMs = monotonicMs();
      memory.settled.clear();
    }
    return beginAll(config, view, memory, work, passSignal);
  };
  const flush = (passSignal: AbortSignal) => eventLog.flush(passSignal);
  await Promise.all([
    runLoop({ name: "balancer", pass, everyMs, log, signal, waker }),
    runLoop({ name: "events", pass: flush, everyMs, log, signal, waker: eventsWaker }),
  ]);
  await work.ended();
  await view.ended;
}

/** What outlives a pass. A decision is told in the log when it changes, and as an event when it does something. */
interface Memory {
  readonly log: Log;
  /** By instance, as the next. */
  readonly told: Map<string, string>;
  /** What each HAProxy was found to do, of those that were looked at lately. */
  readonly settled: Map<string, string>;
  readonly events: RouteEvents;
  readonly looks: HaproxyLooks;
}

/** One instance's trouble (a taken port, a HAProxy that hangs) holds up no other: nothing is waited for here. */
async function beginAll(
  config: Config,
  view: PrefixView,
  memory: Memory,
  work: InstanceWork,
  signal: AbortSignal,
): Promise<void> {
  const wanted = wantedRoutes(view, memory.log);
  if (!wanted) return;
  const gone = (await knownInstances(config)).filter((instanceId) => !wanted.has(instanceId));
  for (const instanceId of gone) work.begin(instanceId, () => forget(config, instanceId, memory));
  for (const [instanceId, route] of wanted) {
    if (route) work.begin(instanceId, () => balance(config, route, memory, signal));
  }
}

async function balance(
  config: Config,
  wanted: WantedRoute,
  { log, told, settled, events, looks }: Memory,
  signal: AbortSignal,
): Promise<void> {
  const { instanceId } = wanted;
  const wantedText = JSON.stringify(wanted);
  if (settled.get(instanceId) === wantedText) return;
  const place = placeOf(config, instanceId);
  for (let step = 0; step < stepsAPass && !signal.aborted; step++) {
    const known = await readKnown(place);
    const running = await looks.look(place);
    const decision = decideRoute(wanted, known, running);
    const { action, reason } = decision;
    if (told.get(instanceId) !== `${action} ${reason}`) log.info({ instanceId, action, reason }, "decided");
    told.set(instanceId, `${action} ${reason}`);
    if (action === "wait") {
      settled.set(instanceId, wantedText);
      return;
    }
    await events.during(decision, wanted, () => act(decision, wanted, known, place, config, signal));
  }
}

async function forget(
  config: Config,
  instanceId: string,
  { log, told, settled, events, looks }: Memory,
): Promise<void> {
  const place = placeOf(config, instanceId);
  await stopHaproxy(place);
  await removePlace(place);
  told.delete(instanceId);
  settled.delete(instanceId);
  events.forget(instanceId);
  looks.forget(place);
  log.info({ instanceId }, "the instance is gone");
}

/** Ends every HAProxy of the directory; what is known of the routes stays. */
export async function stopAll(config: Config): Promise<void> {
  await Promise.all((await knownInstances(config)).map((id) => stopHaproxy(placeOf(config, id))));
}
