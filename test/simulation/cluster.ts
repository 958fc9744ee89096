/** A simulated cluster: everything put together, with clients that write wherever they are let in. */
import { decide } from "@mainstay/ha/decide.ts";
import type { PeerLink } from "@mainstay/ha/observation.ts";
import { isSame } from "@mainstay/ha/primary.ts";
import { begin } from "./begin-fault.ts";
import { Clock, createRandom, type Random } from "./clock.ts";
import type { Fault } from "./faults.ts";
import { Invariants, type Violation } from "./invariants.ts";
import { startAgain } from "./node-faults.ts";
import type { Settings } from "./settings.ts";
import { SimControlPlane } from "./sim-control-plane.ts";
import { createSpec, keys } from "./sim-instance.ts";
import { Network } from "./sim-network.ts";
import { type Guards, SimNode, type World } from "./sim-node.ts";
import type { SimPostgres } from "./sim-postgres.ts";
import { contentOf } from "./sim-records.ts";
import { SimStore } from "./sim-store.ts";

const sessionsPerNode = 3;
/** Two looks, 50 ms apart. */
const refusedAfterMs = 60;
/** A session whose server does not answer gives up after this. */
const patienceMs = 5_000;
export const guards: Guards = { decide, hasFencer: true };

export interface ClusterOptions {
  readonly seed: number;
  readonly settings: Settings;
  readonly guards?: Guards;
  readonly isRecorded?: boolean;
}

export class SimulatedCluster {
  readonly clock = new Clock();
  readonly settings: Settings;
  nodes: readonly SimNode[];
  readonly invariants: Invariants;
  readonly violations: Violation[] = [];
  readonly world: World;
  readonly controlPlane: SimControlPlane;
  readonly #isRecorded: boolean;
  readonly #random: Random;
  readonly #lines: string[] = [];
  readonly #endings = new Set<() => void>();
  #writes = 0;

  constructor({ seed, settings, guards: guarded = guards, isRecorded = false }: ClusterOptions) {
    const { clock } = this;
    const { nodeIds, timing, durability } = settings;
    this.settings = settings;
    this.#isRecorded = isRecorded;
    this.#random = createRandom(seed);
    this.invariants = new Invariants({
      clock,
      nodes: () => this.nodes,
      violated: (violation) => this.#violated(violation),
    });
    const network = new Network(clock, this.#random, settings.weather);
    const store = new SimStore(clock, network);
    store.onChange = (change) => this.invariants.storeChanged(change);
    this.world = {
      clock,
      random: this.#random,
      network,
      store,
      guards: guarded,
      postgresEvents: this.invariants,
      serverOf: (nodeId) => this.nodes.find(({ id }) => id === nodeId)?.server,
      destroying: (node) => this.invariants.destroying(node),
      answersForWaits: (node, toMs) => this.invariants.answersForWaits(node, toMs),
      note: (nodeId, what) => this.note(nodeId, what),
      linksOf: (node) => this.#linksOf(node),
      linksChanged: () => clock.after(refusedAfterMs, () => this.#wakeAgents()),
    };
    this.nodes = nodeIds.map((id) => new SimNode(id, this.world));
    store.write([{ put: keys.spec, content: { spec: createSpec(nodeIds, timing, durability) } }]);
    for (const node of this.nodes) this.#startNode(node);
    this.controlPlane = new SimControlPlane({
      ...{ clock, store },
      nodes: () => this.nodes,
      add: (id) => this.#add(id),
      remove: (node) => this.#remove(node),
    });
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  note(nodeId: string, what: string): void {
    if (!this.#isRecorded) return;
    this.#lines.push(`${this.clock.nowMs.toFixed(0).padStart(7)} ${nodeId.padEnd(3)} ${what}`);
  }

  transcript(): string {
    return this.#lines.join("\n");
  }

  /** The whole schedule, until something is broken; what lasts beyond it is ended by heal. */
  inject(faults: readonly Fault[]): void {
    const startMs = this.clock.nowMs;
    for (const fault of faults) {
      this.clock.advance(Math.max(0, startMs + fault.atMs - this.clock.nowMs));
      if (this.violations.length > 0) return;
      this.begin(fault);
    }
  }

  /** Begins it now; it ends by itself. */
  begin(fault: Fault): void {
    const node = this.nodes[fault.node % this.nodes.length]?.id ?? "";
    this.note(node, `FAULT ${fault.kind} for ${fault.forMs} ms`);
    const end = begin(fault, this.nodes, this.world, this.controlPlane);
    const endOnce = () => {
      if (!this.#endings.delete(endOnce)) return;
      this.note(node, `ends ${fault.kind}`);
      end();
    };
    this.#endings.add(endOnce);
    this.clock.after(fault.forMs, endOnce);
  }

  heal(): void {
    this.note("", "everything is healed");
    for (const end of [...this.#endings]) end();
    for (const node of this.nodes) startAgain(node);
  }

  /** Whether it became healthy within `limitMs`. */
  advanceUntilHealthy(limitMs: number): boolean {
    for (let passedMs = 0; passedMs < limitMs; passedMs += 200) {
      this.clock.advance(200);
      if (this.isHealthy()) return true;
    }
    this.#violated({ invariant: "liveness", what: `not healthy after ${limitMs} ms` });
    return false;
  }

  /** One primary serves and writes are acknowledged, synchronously. */
  isHealthy(): boolean {
    const { lock, sync, spec } = this.records();
    if (!lock || !sync || !spec) return false;
    const isMember = (nodeId: string) => spec.members.some(({ id }) => id === nodeId);
    if (![lock.holder, ...sync.members].every(isMember)) return false;
    const open = this.nodes.filter(({ server }) => server && isOpen(server)).map(({ id }) => id);
    const { nodeId, atMs } = this.invariants.lastAcknowledgement;
    const server = this.nodes.find(({ id }) => id === lock.holder)?.server;
    if (lock.phase !== "serving" || sync.leader !== lock.holder || !isSame(open, [lock.holder])) return false;
    if (nodeId !== lock.holder || this.clock.nowMs - atMs > 500) return false;
    return sync.mode === "sync" && sync.members.length > 0 && isSame(server?.published ?? [], sync.members);
  }

  records() {
    const { values } = this.world.store;
    const { lock } = contentOf(values.get(keys.lock));
    const { sync } = contentOf(values.get(keys.sync));
    const { spec } = contentOf(values.get(keys.spec));
    return { lock, sync, spec };
  }

  /** As apps/agent/src/agent/peer-links.ts: refused by the kernel of a node whose processes are gone, never by silence. */
  #linksOf(node: SimNode): PeerLink[] {
    const { network } = this.world;
    return this.nodes
      .filter((other) => other !== node)
      .map((other) => {
        const isReached = network.isUp(node.id, other.id) && network.isUp(other.id, node.id);
        const downMs = other.downSinceMs === undefined ? 0 : this.clock.nowMs - other.downSinceMs;
        const isDown = isReached && downMs >= refusedAfterMs && !other.server;
        if (isDown || other.isRefusing) return { nodeId: other.id, state: "refused" };
        return { nodeId: other.id, state: isReached && other.supervised ? "open" : "unknown" };
      });
  }

  #add(id: string): void {
    const node = new SimNode(id, this.world);
    this.nodes = [...this.nodes, node];
    this.note(id, "a new node");
    this.#startNode(node);
  }

  #remove(node: SimNode): void {
    this.note(node.id, "is deleted");
    node.delete();
    this.nodes = this.nodes.filter((other) => other !== node);
  }

  #startNode(node: SimNode): void {
    node.start();
    this.#writeAgain(node);
  }

  #wakeAgents(): void {
    for (const { supervised } of this.nodes)
      supervised?.agent.process.inside(() => supervised.agent.waker.wake())();
  }

  /** The first of its kind says it. */
  #violated(violation: Violation): void {
    if (this.violations.some(({ invariant }) => invariant === violation.invariant)) return;
    this.violations.push(violation);
    this.note("", `VIOLATED ${violation.invariant}: ${violation.what}`);
  }

  #writeAgain(node: SimNode): void {
    const { clock } = this;
    const used = new WeakMap<SimPostgres, number>();
    const write = () => {
      const { server, isDeleted } = node;
      if (isDeleted) return;
      if (server && isOpen(server)) this.#write(server, used);
      clock.after(this.#random.between(0.5, 1.5) * this.settings.writeEveryMs, write);
    };
    write();
  }

  #write(server: SimPostgres, used: WeakMap<SimPostgres, number>): void {
    const sessions = used.get(server) ?? 0;
    if (sessions >= sessionsPerNode) return;
    used.set(server, sessions + 1);
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      used.set(server, (used.get(server) ?? 1) - 1);
    };
    const number = ++this.#writes;
    server.process.inside(() => server.commit("write", number, end))();
    this.clock.after(patienceMs, end);
  }
}

function isOpen({ role, settings }: SimPostgres): boolean {
  return role === "primary" && settings.access === "open";
}
