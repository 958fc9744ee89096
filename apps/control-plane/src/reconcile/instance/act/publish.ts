import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { Condition, Write } from "@mainstay/dcs/store.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type { InstanceRecord } from "../../../store/instances.ts";
import type { ActPorts } from "../act.ts";

const timeoutMs = 3_000;

/** What agents and balancer follow: the specification, and the endpoint if there is one. */
export async function publish(
  record: InstanceRecord,
  conditions: readonly Condition[],
  ports: ActPorts,
  signal: AbortSignal,
): Promise<void> {
  const { instance, endpoint, rules } = record;
  const nodes = record.nodes.filter(({ state }) => state === "member");
  const keys = instanceKeys(instance.id);
  const { generation, id: instanceId } = instance;
  const members = nodes.map(({ id, address, port }) => ({ id, address: address ?? "", port: port ?? 0 }));
  const spec = formatRecord({
    generation,
    instanceId,
    members,
    bootstrapNode: members[0]?.id ?? "",
    durability: instance.durability,
    timing: timingPresets[instance.timing],
  });
  const writes: Write[] = [{ put: keys.spec, value: spec }];
  if (endpoint) {
    const { id: endpointId, address, port } = endpoint;
    const allowedRanges = rules.map(({ ip }) => ip);
    const value = formatRecord({ generation, endpointId, instanceId, address, port, allowedRanges });
    writes.push({ put: keys.endpoint, value });
  } else {
    writes.push({ delete: keys.endpoint });
  }
  // Refused when somebody else wrote meanwhile: the next pass looks again.
  await ports.store.transact(conditions, writes, { timeoutMs, signal });
}
