/** Turns the store's records into routes. */
import { parseInstanceKey } from "@mainstay/dcs/keys.ts";
import type { PrefixView } from "@mainstay/dcs/prefix-view.ts";
import { parseEndpoint, parseLock, parseSpec } from "@mainstay/dcs/records.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import type { WantedRoute } from "./route.ts";

/** Undefined while the store is not heard: then nothing may be stopped and nothing rerouted. */
export function wantedRoutes(view: PrefixView, log: Log): Map<string, WantedRoute | undefined> | undefined {
  if (!view.isLive) return undefined;
  const instances = new Map<string, Map<string, string>>();
  for (const { value } of view.values.values()) {
    const key = parseInstanceKey(value.key);
    if (!key) continue;
    const records = instances.get(key.instanceId) ?? new Map<string, string>();
    instances.set(key.instanceId, records.set(key.rest, value.value));
  }
  const routes = new Map<string, WantedRoute | undefined>();
  for (const [instanceId, records] of instances) {
    if (records.has("endpoint")) routes.set(instanceId, routeOrNothing(instanceId, records, log));
  }
  return routes;
}

/** One instance's records that cannot be parsed are that instance's trouble only: it stays as it is. */
function routeOrNothing(instanceId: string, records: ReadonlyMap<string, string>, log: Log) {
  try {
    return toRoute(instanceId, records);
  } catch (error) {
    log.error({ instanceId, err: error }, "the records of an instance cannot be used");
    return undefined;
  }
}

function toRoute(instanceId: string, records: ReadonlyMap<string, string>): WantedRoute {
  const { generation, address, port, allowedRanges } = parseEndpoint(records.get("endpoint") ?? "");
  const lockText = records.get("lock");
  const specText = records.get("spec");
  const lock = lockText === undefined ? undefined : parseLock(lockText);
  const members = specText === undefined ? [] : parseSpec(specText).members;
  const holder = lock?.phase === "serving" ? members.find(({ id }) => id === lock.holder) : undefined;
  return {
    instanceId,
    generation,
    address,
    port,
    allowedRanges,
    term: lock?.term ?? 0,
    target: holder && { address: holder.address, port: holder.port },
  };
}
