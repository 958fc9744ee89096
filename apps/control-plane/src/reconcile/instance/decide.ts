import type { Condition } from "@mainstay/dcs/store.ts";
import type { Placement } from "../../store/nodes.ts";
import type { NodeRow } from "../../store/schema.ts";
import { choosePlacements } from "./place.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";

export type InstanceStep = { readonly reason: string } & (
  | { readonly step: "settled" }
  | { readonly step: "wait"; readonly forMs: number }
  | { readonly step: "place"; readonly placements: readonly Placement[] }
  | { readonly step: "reserve"; readonly nodes: readonly NodeRow[] }
  | { readonly step: "publish"; readonly conditions: readonly Condition[] }
  | { readonly step: "start"; readonly nodes: readonly NodeRow[] }
  | { readonly step: "probe" }
  | { readonly step: "mark-ready" }
  | { readonly step: "withdraw-endpoint" }
  | { readonly step: "delete-nodes"; readonly nodeIds: readonly string[] }
  | { readonly step: "delete-keys" }
  | { readonly step: "delete-rows" }
);

/** The next step towards the desired instance. Pure; a crash after any step finds the same one or the next. */
export function decideInstance(seen: SeenInstance): InstanceStep {
  const { record } = seen;
  if (!record) return { step: "settled", reason: "the instance is gone" };
  if (record.instance.status === "deleting") return decideDeletion(seen);
  return decideNodes(seen) ?? decideServing(seen);
}

/** In this order: clients leave first, nodes write keys until they are gone, and the rows know what is left. */
function decideDeletion({ record, computeNodeIds, stored }: SeenInstance): InstanceStep {
  if (stored.endpoint) return { step: "withdraw-endpoint", reason: "clients leave first" };
  const placed = record?.nodes.filter(({ address, id }) => address !== null || computeNodeIds.includes(id));
  const nodeIds = [...new Set([...(placed ?? []).map(({ id }) => id), ...computeNodeIds])];
  if (nodeIds.length > 0) return { step: "delete-nodes", nodeIds, reason: "its nodes go" };
  if (stored.hasKeys) return { step: "delete-keys", reason: "nobody writes its keys any more" };
  return { step: "delete-rows", reason: "nothing of it is left" };
}

function decideNodes({ record, hosts, stored }: SeenInstance): InstanceStep | undefined {
  if (!record) return undefined;
  const { instance, nodes, endpoint } = record;
  const wanted = instance.is_ha ? 2 : 1;
  if (nodes.length < wanted) {
    const placements = choosePlacements(hosts, instance.id, nodes, wanted);
    return placements
      ? { step: "place", placements, reason: "a node each on different hosts" }
      : { step: "wait", forMs: 2_000, reason: "not enough running hosts for its nodes" };
  }
  const unreserved = nodes.filter(({ address }) => address === null);
  if (unreserved.length > 0) return { step: "reserve", nodes: unreserved, reason: "nodes need addresses" };
  if (!isPublished(stored, instance.generation, endpoint !== undefined)) {
    const { conditions } = stored;
    return { step: "publish", conditions, reason: `generation ${instance.generation} is not in the store` };
  }
  const unstarted = nodes.filter(({ is_started }) => !is_started);
  return unstarted.length > 0 ? { step: "start", nodes: unstarted, reason: "nodes are to run" } : undefined;
}

function isPublished({ spec, endpoint }: StoredInstance, generation: number, hasEndpoint: boolean): boolean {
  const isEndpointDone = hasEndpoint ? endpoint !== undefined : endpoint === undefined;
  const isEndpointCurrent = !endpoint || endpoint.generation >= generation;
  return spec !== undefined && spec.generation >= generation && isEndpointDone && isEndpointCurrent;
}

const waitMs = 250;

function decideServing({ record, stored }: SeenInstance): InstanceStep {
  switch (record?.instance.status) {
    case "configuring":
      return { step: "mark-ready", reason: "the change is published" };
    case "provisioning":
      break;
    default:
      return { step: "settled", reason: "as desired" };
  }
  if (stored.lock?.phase !== "serving") {
    return { step: "wait", forMs: waitMs, reason: "no node serves yet" };
  }
  const isPaired = stored.sync?.mode === "sync" && stored.sync.members.length > 0;
  if (record.instance.is_ha && !isPaired) {
    return { step: "wait", forMs: waitMs, reason: "the standby is not synchronous yet" };
  }
  if (!record.endpoint) return { step: "mark-ready", reason: "serves, without an endpoint" };
  return { step: "probe", reason: "a query through the endpoint has to succeed" };
}
