/** What a leader knows for certain: its specification, its lock and its sync record were read. */
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import type { HeldLock, RecordedSync } from "./claim.ts";
import type { Observation } from "./observation.ts";

/** A peer's word that is older says nothing about now. */
export const freshStatusMs = 5_000;

export type Leader = Observation & {
  readonly spec: ClusterSpec;
  readonly lock: HeldLock;
  readonly sync: RecordedSync;
};

/** A member that holds every acknowledged commit and was seen following a moment ago. */
export function readyMember({ sync, peers }: Leader): string | undefined {
  if (sync.record.mode !== "sync") return undefined;
  const ready = peers.find(
    ({ status, ageMs }) =>
      sync.record.members.includes(status.nodeId) && status.role === "standby" && ageMs < freshStatusMs,
  );
  return ready?.status.nodeId;
}
