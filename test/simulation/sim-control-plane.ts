/**
 * The control plane as far as an instance's members are its doing: it replaces a node, brings a replaced one back,
 * and deletes it. As apps/control-plane/src/reconcile/instance/decide-healing.ts, which looks at rows and health.
 */
import type { ClusterSpec, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { Clock } from "./clock.ts";
import { keys, memberOf } from "./sim-instance.ts";
import type { SimNode } from "./sim-node.ts";
import { contentOf } from "./sim-records.ts";
import type { SimStore } from "./sim-store.ts";

const everyMs = 250;
const mostReplacements = 3;

export interface ControlPlanePorts {
  readonly clock: Clock;
  readonly store: SimStore;
  readonly nodes: () => readonly SimNode[];
  /** Makes an empty node and starts it. */
  readonly add: (id: string) => void;
  readonly remove: (node: SimNode) => void;
}

interface Stored {
  readonly spec: ClusterSpec;
  readonly sync: SyncRecord;
  /** Whom it sees serve. */
  readonly leader: string | undefined;
}

export class SimControlPlane {
  readonly #ports: ControlPlanePorts;
  #replacements = 0;
  #lock = { revision: 0n, changedAtMs: 0 };

  constructor(ports: ControlPlanePorts) {
    this.#ports = ports;
    this.#lookAgain();
  }

  /** Never the leader, and only while another node serves. Whether it was replaced. */
  replace({ id }: SimNode): boolean {
    const stored = this.#read();
    if (!stored || !isMember(stored.spec, id)) return false;
    const { leader, sync } = stored;
    if (leader === undefined || leader === id || sync.leader === id) return false;
    if (this.#replacements >= mostReplacements) return false;
    const back = this.#replaced(stored).find(({ supervised }) => supervised);
    this.#replacements += 1;
    const next = back?.id ?? String.fromCharCode("b".charCodeAt(0) + this.#replacements);
    if (!back) this.#ports.add(next);
    this.#publish(stored.spec, id, next);
    return true;
  }

  #lookAgain(): void {
    this.#ports.clock.after(everyMs, () => {
      const stored = this.#read();
      if (stored && this.#replaced(stored).length > 0) this.#reconcile(stored);
      this.#lookAgain();
    });
  }

  #reconcile(stored: Stored): void {
    const { spec, sync, leader } = stored;
    const replaced = this.#replaced(stored);
    const back =
      replaced.find(({ id }) => id === sync.leader) ??
      replaced.find(({ id, supervised }) => supervised && this.#isLeaderLost(stored) && isNamed(sync, id));
    const out = spec.members.findLast(({ id }) => id !== sync.leader && !isNamed(sync, id));
    if (back && out) this.#publish(spec, out.id, back.id);
    else if (leader !== undefined && this.#isWhole(stored, leader)) {
      for (const node of replaced) this.#ports.remove(node);
    }
  }

  #isWhole({ spec, sync }: Stored, leader: string): boolean {
    const others = spec.members.filter(({ id }) => id !== leader);
    return isMember(spec, leader) && others.every(({ id }) => isNamed(sync, id) && this.#isAlive(id));
  }

  #read(): Stored | undefined {
    const { store, clock } = this.#ports;
    const stored = store.values.get(keys.lock);
    const { lock } = contentOf(stored);
    const { spec } = contentOf(store.values.get(keys.spec));
    const { sync } = contentOf(store.values.get(keys.sync));
    if (!stored || !lock || !spec || !sync) return undefined;
    if (stored.modRevision !== this.#lock.revision) {
      this.#lock = { revision: stored.modRevision, changedAtMs: clock.nowMs };
    }
    const isRenewed = clock.nowMs - this.#lock.changedAtMs < lock.timing.takeMs;
    const serves = lock.phase === "serving" && isRenewed && sync.leader === lock.holder;
    return { spec, sync, leader: serves ? lock.holder : undefined };
  }

  #replaced({ spec }: Stored): SimNode[] {
    return this.#ports.nodes().filter(({ id }) => !isMember(spec, id));
  }

  #isLeaderLost({ leader, sync }: Stored): boolean {
    return leader === undefined && !this.#isAlive(sync.leader);
  }

  #isAlive(nodeId: string): boolean {
    return this.#ports.nodes().some(({ id, supervised }) => id === nodeId && supervised !== undefined);
  }

  #publish(spec: ClusterSpec, out: string, next: string): void {
    const members = [...spec.members.filter(({ id }) => id !== out), memberOf(next)];
    const changed = { ...spec, generation: spec.generation + 1, members };
    this.#ports.store.write([{ put: keys.spec, content: { spec: changed } }]);
  }
}

function isMember({ members }: ClusterSpec, nodeId: string): boolean {
  return members.some(({ id }) => id === nodeId);
}

/** Commits wait for it. */
function isNamed({ mode, members }: SyncRecord, nodeId: string): boolean {
  return mode === "sync" && members.includes(nodeId);
}
