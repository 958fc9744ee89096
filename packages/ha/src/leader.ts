/** What a leader knows for certain: its specification, its lock and its sync record were read. */
import type { ClusterSpec, NodeStatus } from "@mainstay/domain/cluster.ts";
import type { HeldLock, RecordedSync } from "./claim.ts";
import type { Observation } from "./observation.ts";

/** A peer's word that is older says nothing about now. */
export const freshStatusMs = 5_000;

export type Leader = Observation & {
  readonly spec: ClusterSpec;
  readonly lock: HeldLock;
  readonly sync: RecordedSync;
};

/** A member that holds every acknowledged commit, was seen following a moment ago, and could take over. */
export function readyMember({ sync, ...seen }: Leader): string | undefined {
  if (sync.record.mode !== "sync") return undefined;
  return sync.record.members.find((id) => {
    const status = freshStatus(seen, id, freshStatusMs);
    return status?.role === "standby" && status.impediment === null && !isDown(seen, id);
  });
}

/** What a peer said of itself within `withinMs`. */
export function freshStatus(
  { peers }: Pick<Observation, "peers">,
  nodeId: string,
  withinMs: number,
): NodeStatus | undefined {
  return peers.find(({ status, ageMs }) => status.nodeId === nodeId && ageMs < withinMs)?.status;
}

/** Both of its ports refuse connections. */
export function isDown({ links }: Pick<Observation, "links">, nodeId: string): boolean {
  return links.some((link) => link.nodeId === nodeId && link.state === "refused");
}

/** The instance's other members. */
export function othersOf({ spec, self }: Leader): string[] {
  return spec.members.map(({ id }) => id).filter((id) => id !== self);
}
