/** What is said of one node: of its agent's last word only what may still be true. Pure. */
import type { NodeView } from "@mainstay/api-contract/platform.ts";
import type { LockRecord, NodeStatus, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { NodeRow } from "../store/schema.ts";

export interface SeenNodeParts {
  readonly row: NodeRow;
  readonly dataDir: string | null;
  /** undefined: not within 15 s. */
  readonly hostState: string | undefined;
  /** undefined: not heard of within 15 s. */
  readonly status: NodeStatus | undefined;
  /** undefined: nobody renews it. */
  readonly lock: LockRecord | undefined;
  readonly sync: SyncRecord | undefined;
}

const noPids = { supervisor: null, agent: null, fencer: null, postmaster: null };

export function toNodeView({ row, dataDir, hostState, status: said, lock, sync }: SeenNodeParts): NodeView {
  const isDown = hostState !== undefined && hostState !== "running";
  const status = isDown ? undefined : said;
  return {
    ...{ id: row.id, host: row.host_id, zone: row.zone },
    // A node that died as primary cannot say so: who leads is what the lock says.
    role: status?.role === "primary" && lock?.holder !== row.id ? "unknown" : (status?.role ?? "unknown"),
    sync: status !== undefined && isSynchronous(status, sync),
    state: status?.state ?? "unknown",
    reason: reasonOf(row, status?.reason, isDown ? hostState : undefined),
    membership: row.state,
    host_state: hostState ?? "unknown",
    ...{ address: row.address, port: row.port, data_dir: dataDir },
    // What is frozen is still there.
    pids: (hostState === "down" ? undefined : said?.pids) ?? noPids,
  };
}

/** The record names whoever may hold everything, also one that is lost; commits reach only a stream. */
function isSynchronous({ nodeId, role, isStreaming }: NodeStatus, sync: SyncRecord | undefined): boolean {
  return sync?.mode === "sync" && sync.members.includes(nodeId) && role === "standby" && isStreaming;
}

function reasonOf({ state, host_id }: NodeRow, said: string | undefined, down: string | undefined): string {
  if (state === "replaced") return "was lost and is replaced; deleted when the pair is whole again";
  if (state === "leaving") return "was replaced and is being deleted";
  return said ?? (down === undefined ? "not heard of within 15 s" : `${host_id} is ${down}`);
}
