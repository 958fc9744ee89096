import type { Host } from "@mainstay/compute/compute.ts";
import type { Placement } from "../../store/nodes.ts";
import type { NodeRow } from "../../store/schema.ts";

type Placed = Pick<NodeRow, "ordinal" | "host_id" | "zone">;

/** A host for the node in the place of a lost one. Its number is new: a name is never used twice. */
export function chooseReplacement(
  hosts: readonly Host[],
  instanceId: string,
  placed: readonly Placed[],
  remaining: readonly Placed[],
): Placement | undefined {
  const free = hosts.filter(({ id }) => !placed.some(({ host_id }) => host_id === id));
  const host = chooseHost(free, remaining);
  // The lost node's row stays until this one has taken its place, so the highest number only grows.
  const ordinal = Math.max(...placed.map((node) => node.ordinal)) + 1;
  return host && { id: nodeIdOf(instanceId, ordinal), ordinal, host_id: host.id, zone: host.zone };
}

function nodeIdOf(instanceId: string, ordinal: number): string {
  return `pg-${instanceId.slice(0, 8)}-${ordinal}`;
}

/**
 * Hosts for the nodes that are missing: never two of an instance on one host, different zones while there are
 * some, the emptiest host first. undefined when that cannot be met.
 */
export function choosePlacements(
  hosts: readonly Host[],
  instanceId: string,
  placed: readonly Placed[],
  wanted: number,
): Placement[] | undefined {
  const chosen: Placement[] = [];
  for (let ordinal = 1; ordinal <= wanted; ordinal += 1) {
    if (placed.some((node) => node.ordinal === ordinal)) continue;
    const host = chooseHost(hosts, [...placed, ...chosen]);
    if (!host) return undefined;
    const id = nodeIdOf(instanceId, ordinal);
    chosen.push({ id, ordinal, host_id: host.id, zone: host.zone });
  }
  return chosen;
}

function chooseHost(hosts: readonly Host[], taken: readonly Placed[]): Host | undefined {
  const usedZones = new Set(taken.map(({ zone }) => zone));
  const weigh = (host: Host) => (usedZones.has(host.zone) ? 1_000_000 : 0) + host.nodeIds.length;
  return hosts
    .filter(({ id, state }) => state === "running" && !taken.some(({ host_id }) => host_id === id))
    .toSorted((a, b) => weigh(a) - weigh(b) || (a.id < b.id ? -1 : 1))[0];
}
