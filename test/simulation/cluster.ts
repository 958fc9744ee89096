/** A simulated cluster: everything put together, with clients that write wherever they are let in. */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { parseLock, parseSync } from "@mainstay/dcs/records.ts";
import { decide } from "@mainstay/ha/decide.ts";
import { isSame } from "@mainstay/ha/opening.ts";
import { Clock, createRandom, type Random } from "./clock.ts";
import { begin, type Fault, startAgain } from "./faults.ts";
import { Invariants, type Violation } from "./invariants.ts";
import { createSpec, keys } from "./sim-instance.ts";
import { Network } from "./sim-network.ts";
import { type Guards, SimNode, type World } from "./sim-node.ts";
import type { SimPostgres } from "./sim-postgres.ts";
import { SimStore } from "./sim-store.ts";

const writeEveryMs = 25;
const sessionsPerNode = 3;
export const guards: Guards = { decide, hasFencer: true };

export interface ClusterOptions {
  readonly seed: number;
  readonly nodeIds?: readonly string[];
  readonly guards?: Guards;
}

export class SimulatedCluster {
  readonly clock = new Clock();
  readonly nodes: readonly SimNode[];
  readonly invariants: Invariants;
  readonly violations: Violation[] = [];
  readonly world: World;
  readonly #random: Random;
  readonly #lines: string[] = [];
  #endings: (() => void)[] = [];
  #writes = 0;

  constructor({ seed, nodeIds = ["a", "b"], guards: guarded = guards }: ClusterOptions) {
    const { clock } = this;
    const spec = createSpec(nodeIds);
    this.#random = createRandom(seed);
    this.invariants = new Invariants({
      clock,
      holdMs: spec.timing.holdMs,
      nodes: () => this.nodes,
      violated: (violation) => {
        this.violations.push(violation);
        this.note("", `VIOLATED ${violation.invariant}: ${violation.what}`);
      },
    });
    const network = new Network(clock, this.#random);
    const store = new SimStore(clock, this.#random, network);
    store.onChange = (change) => this.invariants.storeChanged(change);
    this.world = {
      clock,
      random: this.#random,
      network,
      store,
      guards: guarded,
      postgresEvents: this.invariants,
      serverOf: (nodeId) => this.nodes.find(({ id }) => id === nodeId)?.server,
      note: (nodeId, what) => this.note(nodeId, what),
    };
    this.nodes = nodeIds.map((id) => new SimNode(id, this.world));
    store.write([{ put: keys.spec, value: formatRecord(spec) }]);
    for (const node of this.nodes) {
      node.start();
      this.#writeAgain(node);
    }
  }

  note(nodeId: string, what: string): void {
    this.#lines.push(`${this.clock.nowMs.toFixed(0).padStart(7)} ${nodeId.padEnd(3)} ${what}`);
  }

  transcript(): string {
    return this.#lines.join("\n");
  }

  /** The whole schedule, each fault a while after the one before; it may last beyond the next. */
  inject(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.clock.advance(fault.afterMs);
      const node = this.nodes[fault.node % this.nodes.length]?.id ?? "";
      this.note(node, `FAULT ${fault.kind} for ${fault.forMs} ms`);
      let end = begin(fault, this.nodes, this.world);
      const endOnce = () => {
        this.note(node, `ends ${fault.kind}`);
        end();
        end = () => {};
        this.#endings = this.#endings.filter((other) => other !== endOnce);
      };
      this.#endings.push(endOnce);
      this.clock.after(fault.forMs, () => {
        if (this.#endings.includes(endOnce)) endOnce();
      });
    }
  }

  heal(): void {
    this.note("", "everything is healed");
    for (const end of [...this.#endings]) end();
    this.world.network.healAll();
    for (const node of this.nodes) startAgain(node);
  }

  /** Whether it became healthy within `limitMs`. */
  advanceUntilHealthy(limitMs: number): boolean {
    for (let passedMs = 0; passedMs < limitMs; passedMs += 200) {
      this.clock.advance(200);
      if (this.isHealthy()) return true;
    }
    this.violations.push({ invariant: "liveness", what: `not healthy after ${limitMs} ms` });
    this.note("", `not healthy after ${limitMs} ms`);
    return false;
  }

  /** One primary serves and writes are acknowledged, synchronously. */
  isHealthy(): boolean {
    const { values } = this.world.store;
    const lock = values.get(keys.lock);
    const sync = values.get(keys.sync);
    if (!lock || !sync) return false;
    const [{ holder, phase }, { mode, members, leader }] = [parseLock(lock.value), parseSync(sync.value)];
    const open = this.nodes.filter(({ server }) => server && isOpen(server)).map(({ id }) => id);
    const { nodeId, atMs } = this.invariants.lastAcknowledgement;
    const server = this.nodes.find(({ id }) => id === holder)?.server;
    if (phase !== "serving" || leader !== holder || !isSame(open, [holder])) return false;
    if (nodeId !== holder || this.clock.nowMs - atMs > 500) return false;
    return mode === "sync" && members.length > 0 && isSame(server?.published ?? [], members);
  }

  #writeAgain(node: SimNode): void {
    const { clock } = this;
    const sessions = new WeakMap<SimPostgres, number>();
    const write = () => {
      const { server } = node;
      const used = server ? (sessions.get(server) ?? 0) : 0;
      if (server && isOpen(server) && used < sessionsPerNode) {
        sessions.set(server, used + 1);
        const end = () => void sessions.set(server, (sessions.get(server) ?? 1) - 1);
        const number = ++this.#writes;
        server.process.inside(() => server.process.start(session(server, number, end), end))();
      }
      clock.after(this.#random.between(0.5, 1.5) * writeEveryMs, write);
    };
    write();
  }
}

function* session(server: SimPostgres, number: number, end: () => void) {
  yield* server.commit("write", number);
  end();
}

function isOpen({ role, settings }: SimPostgres): boolean {
  return role === "primary" && settings.access === "open";
}
