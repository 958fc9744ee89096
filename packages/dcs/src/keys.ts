/** Where everything is in the store. One prefix per instance, so that one watch sees all of it. */

export const instancesPrefix = "/mainstay/instances/";

export function instanceKeys(instanceId: string) {
  const prefix = `${instancesPrefix}${instanceId}/`;
  return {
    prefix,
    spec: `${prefix}spec`,
    endpoint: `${prefix}endpoint`,
    lock: `${prefix}lock`,
    sync: `${prefix}sync`,
    /** The request for another leader, which may ask for a failover too. */
    switchover: `${prefix}switchover`,
    nodesPrefix: `${prefix}nodes/`,
    node: (nodeId: string) => `${prefix}nodes/${nodeId}`,
  };
}

/** Splits a key below `instancesPrefix` into instance id and the rest (`lock`, `nodes/pg-…`). */
export function parseInstanceKey(key: string): { instanceId: string; rest: string } | undefined {
  if (!key.startsWith(instancesPrefix)) return undefined;
  const below = key.slice(instancesPrefix.length);
  const slash = below.indexOf("/");
  return slash < 0 ? undefined : { instanceId: below.slice(0, slash), rest: below.slice(slash + 1) };
}

/** Apart from the instances: agents and balancer watch those, and events must wake nobody of them. */
export const eventsPrefix = "/mainstay/events/";

export function eventKeys(instanceId: string) {
  const prefix = `${eventsPrefix}${instanceId}/`;
  return {
    prefix,
    sourcePrefix: (source: string) => `${prefix}${source}/`,
    event: (id: string) => prefix + id,
  };
}

/** The instance of a key below `eventsPrefix`. */
export function instanceOfEventKey(key: string): string | undefined {
  if (!key.startsWith(eventsPrefix)) return undefined;
  const [instanceId] = key.slice(eventsPrefix.length).split("/");
  return instanceId || undefined;
}

/** There once rights are enforced. */
export const accessEnforcedKey = "/mainstay/access";
