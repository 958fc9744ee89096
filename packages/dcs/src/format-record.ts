import type {
  ClusterSpec,
  EndpointSpec,
  LockRecord,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";

/** A record as the store keeps it; the same record gives the same text. */
export function formatRecord(
  record: ClusterSpec | EndpointSpec | LockRecord | SyncRecord | SwitchoverRequest,
): string {
  return JSON.stringify(record);
}
