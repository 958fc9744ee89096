import type { StoreAccess } from "@mainstay/dcs/access.ts";
import type { InstanceRecord } from "../../store/instances.ts";
import { insertPlacements } from "../../store/nodes.ts";
import { deleteKeys, deleteNodes, deleteRows, withdrawEndpoint } from "./act/deletion.ts";
import { condemn, markAutohealing, reinstate, replace } from "./act/healing.ts";
import { reserveNodes, startNodes } from "./act/nodes.ts";
import { publish } from "./act/publish.ts";
import { markReady, probe } from "./act/ready.ts";
import type { InstanceStep } from "./instance-step.ts";
import type { NodeFilesPorts } from "./node-files.ts";
import type { ObservePorts } from "./observe.ts";
import type { Probe } from "./probe.ts";

export interface ActPorts extends ObservePorts, NodeFilesPorts {
  readonly access: StoreAccess;
  readonly probe: Probe;
}

export type Outcome =
  | { readonly kind: "again" }
  | { readonly kind: "wait"; readonly forMs: number }
  | { readonly kind: "settled" };

const again: Outcome = { kind: "again" };
const probeEveryMs = 25;

/** Carries out one step of the instance. Chooses nothing; every step may be repeated. */
export async function actOnInstance(
  step: InstanceStep,
  record: InstanceRecord,
  ports: ActPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { id } = record.instance;
  switch (step.step) {
    case "settled":
    case "look-later":
      return { kind: "settled" };
    case "wait":
      return { kind: "wait", forMs: step.forMs };
    case "mark-autohealing":
      await markAutohealing(record, step.reason, ports.db);
      return again;
    case "replace":
      await replace(record, step, ports.db);
      return again;
    case "reinstate":
      await reinstate(record, step, ports.db);
      return again;
    case "condemn":
      await condemn(record, step.nodeIds, ports.db);
      return again;
    case "place":
      await insertPlacements(ports.db, id, step.placements);
      return again;
    case "reserve":
      await reserveNodes(step.nodes, ports, signal);
      return again;
    case "publish":
      await publish(record, step.conditions, ports, signal);
      return again;
    case "start":
      await startNodes(record, step.nodes, ports, signal);
      return again;
    case "probe":
      return (await probe(record, ports, signal)) ? again : { kind: "wait", forMs: probeEveryMs };
    case "mark-ready":
      await markReady(record, ports);
      return again;
    case "withdraw-endpoint":
    case "delete-nodes":
    case "delete-keys":
      return actOnRemains(step, id, ports, signal);
    case "delete-rows":
      await deleteRows(record, ports);
      return again;
  }
}

/** What can be done for an instance that has no record any more. */
export async function actOnRemains(
  step: InstanceStep,
  id: string,
  ports: ActPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (step.step) {
    case "withdraw-endpoint":
      await withdrawEndpoint(id, ports, signal);
      return again;
    case "delete-nodes":
      await deleteNodes(id, step.nodeIds, ports, signal);
      return again;
    case "delete-keys":
      await deleteKeys(id, ports, signal);
      return again;
    default:
      return { kind: "settled" };
  }
}
