/** What the reconciler does next for an instance, and why. */
import type { Condition } from "@mainstay/dcs/store.ts";
import type { Placement } from "../../store/nodes.ts";
import type { NodeRow } from "../../store/schema.ts";

export type InstanceStep = { readonly reason: string } & (
  | { readonly step: "settled" }
  | { readonly step: "wait"; readonly forMs: number }
  /** Nothing to do for seconds: the timer looks again. */
  | { readonly step: "look-later" }
  | { readonly step: "place"; readonly placements: readonly Placement[] }
  | { readonly step: "reserve"; readonly nodes: readonly NodeRow[] }
  | { readonly step: "publish"; readonly conditions: readonly Condition[] }
  | { readonly step: "start"; readonly nodes: readonly NodeRow[] }
  | { readonly step: "probe" }
  | { readonly step: "mark-ready" }
  | { readonly step: "mark-autohealing" }
  | { readonly step: "replace"; readonly lost: NodeRow; readonly placement: Placement }
  | { readonly step: "reinstate"; readonly back: NodeRow; readonly out: NodeRow }
  | { readonly step: "condemn"; readonly nodeIds: readonly string[] }
  | { readonly step: "withdraw-endpoint" }
  | { readonly step: "delete-nodes"; readonly nodeIds: readonly string[] }
  | { readonly step: "delete-keys" }
  | { readonly step: "delete-rows" }
);
