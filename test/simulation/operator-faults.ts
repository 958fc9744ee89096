/** What an operator or the control plane does to an instance, at any time. */
import type { SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type { End } from "./faults.ts";
import type { SimControlPlane } from "./sim-control-plane.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode, World } from "./sim-node.ts";
import { contentOf } from "./sim-records.ts";

/** Lost for good, for a while, or only as its control plane sees it: then it lives on. */
export function replace(node: SimNode, detail: number, controlPlane: SimControlPlane): End {
  if (!controlPlane.replace(node) || detail % 2 === 0) return () => {};
  node.crash("silent");
  return () => node.start();
}

export function request(
  { store, clock }: World,
  kind: SwitchoverRequest["kind"],
  target: string,
  acceptLoss = false,
): void {
  const request: SwitchoverRequest = {
    id: `at ${Math.round(clock.nowMs)}`,
    term: contentOf(store.values.get(keys.lock)).lock?.term ?? 0,
    kind,
    target,
    reason: "the schedule asks for it",
    acceptLoss,
  };
  store.write([{ put: keys.switchover, content: { request } }]);
}

/** From one preset to the other. */
export function changeTiming({ store }: World): void {
  const { spec } = contentOf(store.values.get(keys.spec));
  if (!spec) return;
  const isFast = spec.timing.takeMs === timingPresets.fast.takeMs;
  const timing = isFast ? timingPresets.safe : timingPresets.fast;
  store.write([{ put: keys.spec, content: { spec: { ...spec, generation: spec.generation + 1, timing } } }]);
}
