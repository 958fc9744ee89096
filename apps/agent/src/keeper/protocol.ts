/** What the agent's main thread and its keeper thread tell each other. */

import type { MessagePort } from "node:worker_threads";
import type { LockRecord, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";

export interface KeeperData {
  readonly nodeDir: string;
  readonly config: NodeConfig;
  /** Both ways: the agent can also ask it for what was not delivered yet. */
  readonly port: MessagePort;
}

export type ToKeeper =
  /** The agent's loop works: without this the keeper stops renewing. */
  | { readonly kind: "healthy" }
  | {
      readonly kind: "claim";
      readonly lock: LockRecord;
      readonly sync: SyncRecord;
      readonly lockRevision: bigint | undefined;
      readonly syncRevision: bigint | undefined;
      readonly requestRevision: bigint | undefined;
    }
  /** Goes on with a lock of this supervisor that an earlier agent held. */
  | { readonly kind: "adopt"; readonly lock: LockRecord; readonly revision: bigint }
  | { readonly kind: "set-phase"; readonly phase: "opening" | "serving" | "released" | "stopped" };

export type FromKeeper =
  /** Every time the lease begins, grows or ends. */
  | { readonly kind: "lease"; readonly lease: Lease | undefined }
  /** The outcome of the claim or set-phase before it. revision: where it happened. */
  | { readonly kind: "done"; readonly revision: bigint | undefined; readonly problem: string };

export interface Lease {
  readonly term: number;
  readonly deadlineMs: number;
}
