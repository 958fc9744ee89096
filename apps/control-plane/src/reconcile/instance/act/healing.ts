/** Steps of a replacement. Each is one transaction that changes nothing when another pass was here before. */
import type { Database } from "../../../store/database.ts";
import { recordStatus } from "../../../store/events.ts";
import { type InstanceRecord, lockIfUnchanged, updateInstance } from "../../../store/instances.ts";
import { insertPlacements, setNodeState } from "../../../store/nodes.ts";
import { recordReplacement } from "../../../store/replacements.ts";
import type { InstanceStep } from "../instance-step.ts";

type Step<Name> = Extract<InstanceStep, { readonly step: Name }>;

export function markAutohealing(record: InstanceRecord, reason: string, db: Database): Promise<void> {
  return ifUnchanged(record, db, async (trx) => {
    const { id } = record.instance;
    await updateInstance(trx, id, { status: "autohealing", status_reason: reason });
    await recordStatus(trx, id, "autohealing", reason);
  });
}

/** The lost node's row and volume stay until the new one is synchronous. */
export function replace(
  record: InstanceRecord,
  { lost, placement, reason }: Step<"replace">,
  db: Database,
): Promise<void> {
  return ifUnchanged(record, db, async (trx) => {
    await setNodeState(trx, [lost.id], "replaced");
    await insertPlacements(trx, record.instance.id, [placement]);
    const inputs = { lost: lost.id, host: lost.host_id, by: placement.id, onHost: placement.host_id };
    await changeMembers(trx, record, "replacing", reason, inputs);
  });
}

export function reinstate(
  record: InstanceRecord,
  { back, out, reason }: Step<"reinstate">,
  db: Database,
): Promise<void> {
  return ifUnchanged(record, db, async (trx) => {
    await setNodeState(trx, [out.id], "replaced");
    await setNodeState(trx, [back.id], "member");
    await changeMembers(trx, record, "reinstating", reason, { lost: out.id, by: back.id });
  });
}

/** From here its deletion is only a matter of time: nothing brings it back. */
export function condemn(record: InstanceRecord, nodeIds: readonly string[], db: Database): Promise<void> {
  return ifUnchanged(record, db, (trx) => setNodeState(trx, nodeIds, "leaving"));
}

async function changeMembers(
  trx: Database,
  { instance }: InstanceRecord,
  action: string,
  reason: string,
  inputs: Readonly<Record<string, string>>,
): Promise<void> {
  const { id } = instance;
  const generation = instance.generation + 1;
  await recordReplacement(trx, id, generation);
  const status = instance.status === "provisioning" ? instance.status : "autohealing";
  await updateInstance(trx, id, { status, status_reason: reason, generation });
  await recordStatus(trx, id, action, reason, { ...inputs, generation });
}

async function ifUnchanged(
  { instance }: InstanceRecord,
  db: Database,
  change: (trx: Database) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (await lockIfUnchanged(trx, instance)) await change(trx);
  });
}
