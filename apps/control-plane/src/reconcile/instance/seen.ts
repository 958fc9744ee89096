/** What one pass of the instance reconciler knows. */
import type { Host } from "@mainstay/compute/compute.ts";
import type { Condition } from "@mainstay/dcs/store.ts";
import type { ClusterSpec, EndpointSpec, LockRecord, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { InstanceRecord } from "../../store/instances.ts";

export interface SeenInstance {
  /** undefined: deleted. */
  readonly record: InstanceRecord | undefined;
  readonly hosts: readonly Host[];
  /** Nodes of the instance that compute has, wanted or not. */
  readonly computeNodeIds: readonly string[];
  readonly stored: StoredInstance;
}

export interface StoredInstance {
  readonly hasKeys: boolean;
  /** Of the keys that the control plane writes: a pass that is late must not overwrite a newer one's. */
  readonly conditions: readonly Condition[];
  readonly spec: ClusterSpec | undefined;
  readonly endpoint: EndpointSpec | undefined;
  readonly lock: LockRecord | undefined;
  readonly sync: SyncRecord | undefined;
}
