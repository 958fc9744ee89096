/**
 * Replaces a node that stays lost. Safe because members are only who is to follow: who may lead is what the sync
 * record says, and nobody but the agents changes that.
 */
import type { InstanceRecord } from "../../store/instances.ts";
import { replacementsPerHour } from "../../store/replacements.ts";
import type { NodeRow } from "../../store/schema.ts";
import type { InstanceStep } from "./instance-step.ts";
import { chooseReplacement } from "./place.ts";
import type { SeenInstance } from "./seen.ts";

export type KnownInstance = SeenInstance & { readonly record: InstanceRecord };

export function decideHealing(seen: KnownInstance): InstanceStep {
  const { record, health } = seen;
  if (health.trouble === undefined) return decideWhole(seen);
  if (record.instance.status === "ready") return { step: "mark-autohealing", reason: health.trouble };
  if (!record.instance.is_ha) {
    return later(`${health.trouble}; the node goes on from its volume when its host is back`);
  }
  return decidePair(seen, health.trouble);
}

/** A replaced node that leads after all, or is the only one left that may, is a member again. */
export function decideReturn({ record, stored, health }: KnownInstance): InstanceStep | undefined {
  const { sync } = stored;
  if (!sync) return undefined;
  const { nodes } = record;
  const replaced = nodes.filter(({ state }) => state === "replaced");
  const isEligible = ({ id }: NodeRow) => sync.mode === "sync" && sync.members.includes(id);
  const isLeaderLost = health.leader === undefined && health.nodes.get(sync.leader)?.kind === "lost";
  const back =
    replaced.find(({ id }) => id === sync.leader) ??
    replaced.find((node) => isLeaderLost && isEligible(node) && isAlive(health, node));
  const out = nodes.findLast(
    (node) => node.state === "member" && node.id !== sync.leader && !isEligible(node),
  );
  if (!back || !out) return undefined;
  return { step: "reinstate", back, out, reason: `${back.id} may lead and ${out.id} may not` };
}

/** The lost nodes' volumes go when nobody can need them any more. */
function decideWhole({ record: { instance, nodes }, health }: KnownInstance): InstanceStep {
  const idsOf = (state: NodeRow["state"]) => nodes.filter((node) => node.state === state).map(({ id }) => id);
  const [replaced, leaving] = [idsOf("replaced"), idsOf("leaving")];
  // A lock may still say "serving" from before the loss.
  if (health.leader === undefined && (replaced.length > 0 || instance.status !== "ready")) {
    return later("no leader was seen serving yet");
  }
  if (replaced.length > 0) {
    return { step: "condemn", nodeIds: replaced, reason: "another node is synchronous in its place" };
  }
  if (instance.status !== "ready") return { step: "mark-ready", reason: "as desired" };
  if (leaving.length > 0) return { step: "delete-nodes", nodeIds: leaving, reason: "it was replaced" };
  return { step: "settled", reason: "as desired" };
}

function decidePair(seen: KnownInstance, trouble: string): InstanceStep {
  const { record, health, stored, replaceAfterMs } = seen;
  const members = record.nodes.filter(({ state }) => state === "member");
  const lost = members.filter((node) => lostForMs(seen, node) !== undefined);
  const [node] = lost;
  if (!node) return later(trouble);
  if (lost.length === members.length) {
    return later(`every node is lost (${trouble}): nothing is replaced, a host has to come back`);
  }
  if (health.leader === undefined || health.leader === node.id || stored.sync?.leader === node.id) {
    return later(`${trouble}; it is not replaced while no other node serves`);
  }
  if ((lostForMs(seen, node) ?? 0) < replaceAfterMs) {
    return later(`${trouble}; it is replaced when it stays lost for ${replaceAfterMs / 1_000} s`);
  }
  return decideReplacement(seen, node, members, trouble);
}

function decideReplacement(
  { record, hosts, health, recentReplacements }: KnownInstance,
  lost: NodeRow,
  members: readonly NodeRow[],
  trouble: string,
): InstanceStep {
  const { nodes, instance } = record;
  if (recentReplacements >= replacementsPerHour) {
    const limit = `${replacementsPerHour} nodes were replaced within an hour`;
    return later(`${trouble}; ${limit}: an operator must look, then run \`instance heal\``);
  }
  const back = nodes.find((node) => node.state === "replaced" && isAlive(health, node));
  if (back) return { step: "reinstate", back, out: lost, reason: `${trouble}, and ${back.id} is back` };
  const remaining = members.filter(({ id }) => id !== lost.id);
  const placement = chooseReplacement(hosts, instance.id, nodes, remaining);
  return placement
    ? { step: "replace", lost, placement, reason: `${trouble}: replaced by ${placement.id}` }
    : later(`${trouble}; no other running host can take its replacement`);
}

function lostForMs({ health }: KnownInstance, { id }: NodeRow): number | undefined {
  const node = health.nodes.get(id);
  return node?.kind === "lost" ? node.forMs : undefined;
}

function isAlive({ nodes }: SeenInstance["health"], { id }: NodeRow): boolean {
  return nodes.get(id)?.kind === "alive";
}

function later(reason: string): InstanceStep {
  return { step: "look-later", reason };
}
