/** What one pass of the instance reconciler knows. */
import type { Host } from "@mainstay/compute/compute.ts";
import type { Condition } from "@mainstay/dcs/store.ts";
import type { ClusterSpec, EndpointSpec, LockRecord, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { InstanceHealth } from "../../observed/health.ts";
import type { InstanceRecord } from "../../store/instances.ts";

export interface SeenInstance {
  /** undefined: deleted. */
  readonly record: InstanceRecord | undefined;
  readonly hosts: readonly Host[];
  /** Nodes of the instance that compute has, wanted or not. */
  readonly computeNodeIds: readonly string[];
  readonly stored: StoredInstance;
  readonly health: InstanceHealth;
  /** A node that is lost for this long is replaced. */
  readonly replaceAfterMs: number;
  readonly recentReplacements: number;
}

export interface StoredInstance {
  readonly hasKeys: boolean;
  /**
   * Of the keys that the control plane writes, since a pass that is late must not overwrite a newer one's; and of
   * the sync record, so that a specification never leaves out a node that has just become leader.
   */
  readonly conditions: readonly Condition[];
  readonly spec: ClusterSpec | undefined;
  readonly endpoint: EndpointSpec | undefined;
  readonly lock: LockRecord | undefined;
  readonly sync: SyncRecord | undefined;
}
