/** The balancer's loop: looks at all instances at once and takes one step for each that needs one. */
import { createWaker, runLoop } from "@mainstay/control-loop/run-loop.ts";
import { instancesPrefix } from "@mainstay/dcs/keys.ts";
import { openPrefixView, type PrefixView } from "@mainstay/dcs/prefix-view.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { act } from "./act.ts";
import type { Config } from "./config.ts";
import { decideRoute } from "./decide.ts";
import { runningPid, stopHaproxy } from "./haproxy/process.ts";
import { readRoute } from "./haproxy/runtime-socket.ts";
import { wantedRoutes } from "./observe.ts";
import { knownInstances, placeOf, readKnown, removePlace } from "./places.ts";
import type { WantedRoute } from "./route.ts";

const everyMs = 1_000;
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
  const told = new Map<string, string>();
  const pass = (passSignal: AbortSignal) => balanceAll(config, view, log, told, passSignal);
  await runLoop({ name: "balancer", pass, everyMs, log, signal, waker });
  await view.ended;
}

async function balanceAll(
  config: Config,
  view: PrefixView,
  log: Log,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = wantedRoutes(view, log);
  if (!wanted) return;
  const gone = (await knownInstances(config)).filter((instanceId) => !wanted.has(instanceId));
  const all = [
    ...gone.map((instanceId) => forget(config, instanceId, log)),
    ...[...wanted.values()].flatMap((route) => (route ? [balance(config, route, log, told, signal)] : [])),
  ];
  // One instance's trouble (a taken port) holds up no other.
  for (const result of await Promise.allSettled(all)) {
    if (result.status === "rejected") log.error({ err: result.reason }, "an instance could not be balanced");
  }
}

async function balance(
  config: Config,
  wanted: WantedRoute,
  log: Log,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const { instanceId } = wanted;
  const place = placeOf(config, instanceId);
  for (let step = 0; step < stepsAPass && !signal.aborted; step++) {
    const known = await readKnown(place);
    const isRunning = (await runningPid(place)) !== undefined;
    const running = isRunning ? await readRoute(place.socket, place.rangesFile) : undefined;
    const decision = decideRoute(wanted, known, running);
    const { action, reason } = decision;
    if (told.get(instanceId) !== `${action} ${reason}`) log.info({ instanceId, action, reason }, "decided");
    told.set(instanceId, `${action} ${reason}`);
    if (action === "wait") return;
    await act(decision, wanted, known, place, config, signal);
  }
}

async function forget(config: Config, instanceId: string, log: Log): Promise<void> {
  const place = placeOf(config, instanceId);
  await stopHaproxy(place);
  await removePlace(place);
  log.info({ instanceId }, "the instance is gone");
}

/** Ends every HAProxy of the directory; what is known of the routes stays. */
export async function stopAll(config: Config): Promise<void> {
  await Promise.all((await knownInstances(config)).map((id) => stopHaproxy(placeOf(config, id))));
}
