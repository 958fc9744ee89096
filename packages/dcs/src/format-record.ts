import type {
  ClusterSpec,
  EndpointSpec,
  LockRecord,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";

/** A record as the store keeps it; the same record gives the same text. */
export function formatRecord(
  record: ClusterSpec | EndpointSpec | LockRecord | SyncRecord | SwitchoverRequest | InstanceEvent,
): string {
  return JSON.stringify(record);
}
