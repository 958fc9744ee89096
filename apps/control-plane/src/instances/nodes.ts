import type { NodeView } from "@mainstay/api-contract/platform.ts";
import type { Actor, Platform } from "../platform.ts";
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
    return {
      id: row.id,
      host: row.host_id,
      zone: row.zone,
      // A node that died as primary cannot say so: who leads is what the lock says.
      role: status?.role === "primary" && lock?.holder !== row.id ? "unknown" : (status?.role ?? "unknown"),
      sync: sync?.mode === "sync" && sync.members.includes(row.id),
      state: status?.state ?? "unknown",
      reason: status?.reason ?? "not heard of within 15 s",
      address: row.address,
      port: row.port,
      data_dir: node?.dataDir ?? null,
      pids: status?.pids ?? noPids,
    };
  });
}
