/** From nodes that run to an instance that is ready. */
import { recordAnswer } from "../../../store/endpoints.ts";
import { recordStatus } from "../../../store/events.ts";
import { type InstanceRecord, lockIfUnchanged, updateInstance } from "../../../store/instances.ts";
import { meter } from "../../../store/metering.ts";
import type { ActPorts } from "../act.ts";

/** Whether it is ready now: once a query through its endpoint succeeds, or cannot be tried from here. */
export async function probe(record: InstanceRecord, ports: ActPorts, signal: AbortSignal): Promise<boolean> {
  const { instance, endpoint, rules } = record;
  // Its endpoint went meanwhile: the next pass looks again.
  if (!endpoint) return true;
  const { id, address, port } = endpoint;
  const allowedRanges = rules.map(({ ip }) => ip);
  const outcome = await ports.probe({ instanceId: instance.id, address, port, allowedRanges }, signal);
  if (outcome === "failed") return false;
  await recordAnswer(ports.db, id);
  await markReady(record, ports);
  return true;
}

/** Only as it was seen: what came meanwhile is for the next pass. */
export async function markReady({ instance }: InstanceRecord, { db }: ActPorts): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (!(await lockIfUnchanged(trx, instance))) return;
    const ready_at = instance.ready_at ?? new Date();
    await updateInstance(trx, instance.id, { status: "ready", status_reason: "", ready_at });
    await meter(trx, instance, "started");
    const reason =
      instance.status === "provisioning" ? "a query through the endpoint succeeded" : "as desired";
    const inputs = { before: instance.status, generation: instance.generation };
    await recordStatus(trx, instance.id, "ready", reason, inputs);
  });
}
