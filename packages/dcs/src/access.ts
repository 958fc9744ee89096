/** The port to who may reach what in the store. Implementations: etcd, memory; both pass access-contract.ts. */
import type { CallOptions } from "./store.ts";

/** Users are the common names of client certificates. */
export const controlPlaneUser = "control-plane";
export const balancerUser = "balancer";
export const nodeUser = (nodeId: string): string => `node.${nodeId}`;

/** Every call may be repeated; names come from the desired state. Throws StoreError as the store does. */
export interface StoreAccess extends AsyncDisposable {
  /** They may read and write what is the instance's, its events too, and nothing else. */
  allowNodes(instanceId: string, nodeIds: readonly string[], options: CallOptions): Promise<void>;
  forgetNodes(nodeIds: readonly string[], options: CallOptions): Promise<void>;
  /** After its nodes. */
  forgetInstance(instanceId: string, options: CallOptions): Promise<void>;
  /** From then on everybody reaches only what was allowed; the control plane, everything. */
  enforce(options: CallOptions): Promise<void>;
}
