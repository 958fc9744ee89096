/** The one instance of every simulated cluster. */
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { ClusterSpec, Member } from "@mainstay/domain/cluster.ts";
import type { Timing } from "@mainstay/domain/timing.ts";

export const keys = instanceKeys("simulated");

export function createSpec(
  nodeIds: readonly string[],
  timing: Timing,
  durability: ClusterSpec["durability"],
): ClusterSpec {
  return {
    generation: 1,
    instanceId: "simulated",
    members: nodeIds.map(memberOf),
    bootstrapNode: nodeIds[0] ?? "",
    durability,
    timing,
  };
}

export function memberOf(id: string): Member {
  return { id, address: `127.0.0.${id.charCodeAt(0)}`, port: 5432 };
}
