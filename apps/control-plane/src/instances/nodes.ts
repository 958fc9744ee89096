import type { NodeView } from "@mainstay/api-contract/platform.ts";
import type { Actor, Platform } from "../platform.ts";
import type { NodeRow } from "../store/schema.ts";
import { getInstance } from "./find.ts";

const noPids = { supervisor: null, agent: null, fencer: null, postmaster: null };

/** Desired nodes with what their agents said last; what is older than 15 s is unknown. */
export async function listNodes(platform: Platform, id: string, actor: Actor): Promise<NodeView[]> {
  const { instance, nodes } = await getInstance(platform.db, id, actor);
  const provided = await platform.compute.nodes(AbortSignal.timeout(5_000));
  const sync = platform.observed.sync(instance.id);
  const lock = platform.observed.lock(instance.id);
  return nodes.map((row) => {
    const node = provided.find((one) => one.id === row.id);
    const status = platform.observed.node(instance.id, row.id);
    const hostState = platform.observed.hostState(row.host_id);
    return {
      id: row.id,
      host: row.host_id,
      zone: row.zone,
      // A node that died as primary cannot say so: who leads is what the lock says.
      role: status?.role === "primary" && lock?.holder !== row.id ? "unknown" : (status?.role ?? "unknown"),
      sync: sync?.mode === "sync" && sync.members.includes(row.id),
      state: status?.state ?? "unknown",
      reason: reasonOf(row, status?.reason, hostState),
      membership: row.state,
      host_state: hostState ?? "unknown",
      address: row.address,
      port: row.port,
      data_dir: node?.dataDir ?? null,
      pids: status?.pids ?? noPids,
    };
  });
}

function reasonOf({ state, host_id }: NodeRow, said: string | undefined, hostState?: string): string {
  if (state === "replaced") return "was lost and is replaced; deleted when the pair is whole again";
  if (state === "leaving") return "was replaced and is being deleted";
  if (said !== undefined) return said;
  const isDown = hostState !== undefined && hostState !== "running";
  return isDown ? `not heard of within 15 s: ${host_id} is ${hostState}` : "not heard of within 15 s";
}
