import type { Host } from "@mainstay/compute/compute.ts";
import type { InstanceRecord } from "../../store/instances.ts";
import type { NodeRow } from "../../store/schema.ts";
import { decideHealing, decideReturn, type KnownInstance } from "./decide-healing.ts";
import type { InstanceStep } from "./instance-step.ts";
import { choosePlacements, chooseReplacement } from "./place.ts";
import type { SeenInstance, StoredInstance } from "./seen.ts";

/** The next step towards the desired instance. Pure; a crash after any step finds the same one or the next. */
export function decideInstance(seen: SeenInstance): InstanceStep {
  const { record } = seen;
  if (!record) return decideRemains(seen);
  if (record.instance.status === "deleting") return decideDeletion(seen);
  return decideReturn({ ...seen, record }) ?? decideNodes({ ...seen, record }) ?? decideServing(seen, record);
}

/** A step that began before the instance was deleted, and took longer than that, leaves something of it behind. */
function decideRemains(seen: SeenInstance): InstanceStep {
  const next = decideDeletion(seen);
  return next.step === "delete-rows" ? { step: "settled", reason: "the instance is gone" } : next;
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

function decideNodes(seen: KnownInstance): InstanceStep | undefined {
  const { record, hosts, stored } = seen;
  const { instance, nodes, endpoint } = record;
  const wanted = instance.is_ha ? 2 : 1;
  if (nodes.length < wanted) {
    const placements = choosePlacements(hosts, instance.id, nodes, wanted);
    return placements
      ? { step: "place", placements, reason: "a node each on different hosts" }
      : { step: "wait", forMs: 2_000, reason: "not enough running hosts for its nodes" };
  }
  const members = nodes.filter(({ state }) => state === "member");
  const unfinished = members.filter(({ address, is_started }) => address === null || !is_started);
  const stuck = unfinished.find((node) => isDown(node, hosts));
  if (stuck) return decideStuck(seen, stuck);
  const unreserved = members.filter(({ address }) => address === null);
  if (unreserved.length > 0) return { step: "reserve", nodes: unreserved, reason: "nodes need addresses" };
  if (!isPublished(stored, instance.generation, endpoint !== undefined)) {
    const { conditions } = stored;
    return { step: "publish", conditions, reason: `generation ${instance.generation} is not in the store` };
  }
  return unfinished.length > 0 ? { step: "start", nodes: unfinished, reason: "nodes are to run" } : undefined;
}

/**
 * A replacement that cannot be made is lost like any other node, and replaced like one. Of an instance that is new
 * nobody misses a node: it is made elsewhere at once.
 */
function decideStuck({ record, hosts, stored }: KnownInstance, stuck: NodeRow): InstanceStep | undefined {
  const { instance, nodes } = record;
  if (instance.status !== "provisioning") return undefined;
  const others = nodes.filter(({ id, state }) => state === "member" && id !== stuck.id);
  const placement = stored.sync ? undefined : chooseReplacement(hosts, instance.id, nodes, others);
  const reason = `${stuck.host_id} is not running`;
  return placement
    ? { step: "replace", lost: stuck, placement, reason: `${reason}: ${placement.id} is made instead` }
    : { step: "wait", forMs: 2_000, reason: `${stuck.id} waits: ${reason}` };
}

function isDown({ host_id }: NodeRow, hosts: readonly Host[]): boolean {
  return hosts.some(({ id, state }) => id === host_id && state !== "running");
}

function isPublished({ spec, endpoint }: StoredInstance, generation: number, hasEndpoint: boolean): boolean {
  const isEndpointDone = hasEndpoint ? endpoint !== undefined : endpoint === undefined;
  const isEndpointCurrent = !endpoint || endpoint.generation >= generation;
  return spec !== undefined && spec.generation >= generation && isEndpointDone && isEndpointCurrent;
}

const waitMs = 250;
const asked = "a query through the endpoint has to succeed";

function decideServing(seen: SeenInstance, record: InstanceRecord): InstanceStep {
  switch (record.instance.status) {
    case "configuring":
      return decideConfigured(seen, record);
    case "provisioning":
      return decideFirstReady(seen, record);
    default:
      return decideHealing({ ...seen, record });
  }
}

/** While the instance heals nobody may answer: the change is done all the same. */
function decideConfigured({ health }: SeenInstance, { endpoint }: InstanceRecord): InstanceStep {
  return endpoint && !endpoint.has_answered && health.trouble === undefined
    ? { step: "probe", reason: asked }
    : { step: "mark-ready", reason: "the change is published" };
}

function decideFirstReady(seen: SeenInstance, record: InstanceRecord): InstanceStep {
  const { stored, health } = seen;
  const healing = health.trouble === undefined ? undefined : decideHealing({ ...seen, record });
  // One that is only slow is waited for.
  if (healing?.step === "replace" && isDown(healing.lost, seen.hosts)) return healing;
  // What is wrong tells more than what is still to come.
  const wait = (reason: string) =>
    ({ step: "wait", forMs: waitMs, reason: health.trouble ?? reason }) as const;
  if (stored.lock?.phase !== "serving") return wait("no node serves yet");
  const isPaired = stored.sync?.mode === "sync" && stored.sync.members.length > 0;
  if (record.instance.is_ha && !isPaired) return wait("the standby is not synchronous yet");
  // It would show at once that it is not ready after all.
  if (health.trouble !== undefined) return wait(health.trouble);
  if (!record.endpoint) return { step: "mark-ready", reason: "serves, without an endpoint" };
  return { step: "probe", reason: asked };
}
