/** The steps that leave nothing of an instance or a node. Each may be repeated. */
import { eventKeys, instanceKeys } from "@mainstay/dcs/keys.ts";
import type { Write } from "@mainstay/dcs/store.ts";
import { deleteInstanceRows, findInstance, type InstanceRecord } from "../../../store/instances.ts";
import { meter } from "../../../store/metering.ts";
import { deleteNodeRows } from "../../../store/nodes.ts";
import type { ActPorts } from "../act.ts";

const timeoutMs = 3_000;

export function withdrawEndpoint(id: string, ports: ActPorts, signal: AbortSignal): Promise<void> {
  return write([{ delete: instanceKeys(id).endpoint }], ports, signal);
}

export async function deleteNodes(
  id: string,
  nodeIds: readonly string[],
  ports: ActPorts,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(nodeIds.map((nodeId) => ports.compute.deleteNode(nodeId, signal)));
  // Its processes are gone, so nobody writes its status any more.
  await write(
    nodeIds.map((nodeId) => ({ delete: instanceKeys(id).node(nodeId) })),
    ports,
    signal,
  );
  await ports.access.forgetNodes(nodeIds, { timeoutMs, signal });
  await deleteNodeRows(ports.db, id, nodeIds);
}

export async function deleteKeys(id: string, ports: ActPorts, signal: AbortSignal): Promise<void> {
  // Before the keys, which are what makes this step come again.
  await ports.access.forgetInstance(id, { timeoutMs, signal });
  await write(
    [instanceKeys(id), eventKeys(id)].map(({ prefix }) => ({ deletePrefix: prefix })),
    ports,
    signal,
  );
}

/** A node that was placed by a pass that is late is found here: its row is still there, and goes next time. */
export async function deleteRows({ instance }: InstanceRecord, { db }: ActPorts): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const current = await findInstance(trx, instance.id);
    if (current?.nodes.some(({ address }) => address !== null)) return;
    if (instance.ready_at !== null) await meter(trx, instance, "ended");
    await deleteInstanceRows(trx, instance.id);
  });
}

async function write(writes: readonly Write[], { store }: ActPorts, signal: AbortSignal): Promise<void> {
  await store.transact([], writes, { timeoutMs, signal });
}
