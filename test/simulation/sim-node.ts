/** One simulated machine: its disk, its supervisor, and the processes that come and go. */
import type { decide } from "@mainstay/ha/decide.ts";
import type { Observation, PeerLink } from "@mainstay/ha/observation.ts";
import type { Clock, Random } from "./clock.ts";
import { type LocalClock, Process } from "./process.ts";
import { SimAgent } from "./sim-agent.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimFencer } from "./sim-fencer.ts";
import type { Network } from "./sim-network.ts";
import { type PostgresEvents, SimPostgres } from "./sim-postgres.ts";
import type { SimStore } from "./sim-store.ts";

/** What a mutant changes. */
export interface Guards {
  readonly decide: typeof decide;
  readonly hasFencer: boolean;
}

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly store: SimStore;
  readonly guards: Guards;
  readonly postgresEvents: PostgresEvents;
  readonly serverOf: (nodeId: string) => SimPostgres | undefined;
  /** Before data is removed or changed for good. */
  readonly destroying: (node: SimNode) => void;
  /** The agent of a primary says that nothing of which waits were cancelled until `toMs` can be lost. */
  readonly answersForWaits: (node: SimNode, toMs: number) => void;
  readonly note: (nodeId: string, what: string) => void;
  /** What `node` sees of the others' supervisors. */
  readonly linksOf: (node: SimNode) => PeerLink[];
  /** One of the others' supervisors came or went. */
  readonly linksChanged: () => void;
}

/** A wall clock; nothing but the budget of takeovers reads it. */
const epochMs = Date.UTC(2026, 0, 1);

/** What survives the agent, and ends with the supervisor. */
export interface Supervised {
  readonly bootId: string;
  readonly process: Process;
  fencer: SimFencer;
  agent: SimAgent;
  shutdown: Observation["shutdown"];
  postgres: { server: SimPostgres | undefined; as: "primary" | "standby"; startedAtMs: number } | undefined;
  exits: number;
}

/** Ends part of a node before its agent's or keeper's `steps`th step from now. */
export interface Ambush {
  steps: number;
  readonly run: () => void;
}

/** A node without a guarding fencer for this long loses its PostgreSQL. */
const unguardedLimitMs = 500;

export class SimNode {
  readonly id: string;
  readonly world: World;
  readonly localClock: LocalClock;
  readonly disk: SimDisk;
  /** Undefined: the machine is off, or the node was stopped. */
  supervised: Supervised | undefined;
  /** True time when a process of this node was last thawed. */
  thawedAtMs = Number.NEGATIVE_INFINITY;
  ambush: Ambush | undefined;
  wallOffsetMs = 0;
  /** One suspension of the machine, which no thaw ends; a power cut does. */
  suspended: object | undefined;
  /** Since when its kernel refuses connections to the supervisor, as far as it has one that answers. */
  downSinceMs: number | undefined;
  /** A firewall refuses in its place. */
  isRefusing = false;
  /** Its volume is gone, and nothing starts it again. */
  isDeleted = false;
  #boots = 0;
  /** The newest PostgreSQL; it may outlive its supervisor. */
  #server: SimPostgres | undefined;

  constructor(id: string, world: World) {
    this.id = id;
    this.world = world;
    const { random } = world;
    this.localClock = {
      rate: random.between(0.99, 1.01),
      offsetMs: random.between(0, 1_000_000),
      suspendedMs: 0,
    };
    this.disk = new SimDisk(random);
  }

  get server(): SimPostgres | undefined {
    return this.#server?.role === "ended" ? undefined : this.#server;
  }

  get wallMs(): number {
    return epochMs + this.world.clock.nowMs + this.wallOffsetMs;
  }

  start(): void {
    if (this.supervised || this.suspended || this.isDeleted) return;
    this.downSinceMs = undefined;
    // An earlier supervisor that was killed may have left its PostgreSQL.
    this.killPostgres("the new supervisor kills what it finds");
    this.#boots += 1;
    const bootId = `${this.id}${this.#boots}`;
    const fencer = this.#newFencer({ mayWrite: false, deadlineMs: undefined });
    const process = this.newProcess();
    const parts = { bootId, process, fencer, shutdown: "none" as const, postgres: undefined, exits: 0 };
    const supervised: Omit<Supervised, "agent"> = parts;
    this.supervised = Object.assign(supervised, { agent: new SimAgent(this, supervised) });
  }

  delete(): void {
    this.world.destroying(this);
    this.crash("killed");
    this.disk.data = undefined;
    this.isDeleted = true;
  }

  /** Silent: the machine is gone and nobody is told; else its processes were killed and their peers see it. */
  crash(how: "killed" | "silent"): void {
    const { supervised } = this;
    this.suspended = undefined;
    this.server?.kill(how);
    if (!supervised) return;
    for (const process of this.#processes()) process.kill();
    this.supervised = undefined;
    if (how === "killed") this.#isDown();
  }

  /** PostgreSQL is left to the fencer, which sees that its supervisor is gone. */
  killSupervisor(): void {
    const { supervised } = this;
    if (!supervised) return;
    this.supervised = undefined;
    supervised.agent.kill();
    supervised.process.kill();
    supervised.fencer.disconnect();
    this.#isDown();
  }

  freeze(): void {
    for (const process of this.#processes()) process.freeze();
  }

  thaw(): void {
    const processes = this.#processes();
    this.thawProcesses(this.world.random.chance(0.5) ? processes.toReversed() : processes);
  }

  thawProcesses(processes: readonly Process[]): void {
    if (this.suspended) return;
    const frozen = processes.filter(({ isFrozen }) => isFrozen);
    if (frozen.length > 0) this.thawedAtMs = this.world.clock.nowMs;
    for (const process of frozen) process.thaw();
  }

  requestShutdown(how: "in-place" | "hand-over"): void {
    if (this.supervised?.shutdown !== "none") return;
    this.supervised.shutdown = how;
    this.supervised.agent.waker.wake();
  }

  killAgent(): void {
    const { supervised } = this;
    if (!supervised) return;
    const { agent } = supervised;
    agent.kill();
    const startMs = this.world.random.between(200, 400);
    supervised.process.after(startMs, () => {
      if (supervised.agent === agent) supervised.agent = new SimAgent(this, supervised);
    });
  }

  /** The supervisor starts another, which knows what the supervisor had heard. */
  killFencer(): void {
    const { supervised, world } = this;
    if (!supervised) return;
    const { fencer } = supervised;
    fencer.process.kill();
    const startMs = world.random.between(30, 700);
    supervised.process.after(Math.min(startMs, unguardedLimitMs), () => {
      if (startMs > unguardedLimitMs && fencer.guarded.mayWrite) {
        this.killPostgres("PostgreSQL is not guarded");
      }
    });
    supervised.process.after(startMs, () => {
      if (supervised.fencer !== fencer) return;
      supervised.fencer = this.#newFencer(fencer.inherited);
      this.thawedAtMs = world.clock.nowMs;
    });
  }

  /** Its sessions live on until the supervisor sees its end. */
  killPostmaster(): void {
    const { server, supervised } = this;
    if (!server) return;
    server.isPostmasterGone = true;
    supervised?.process.after(this.world.random.between(1, 10), () => server.kill());
  }

  killPostgres(reason: string): void {
    const { server } = this;
    if (!server) return;
    this.world.note(this.id, reason);
    server.kill();
  }

  /** The fencer guards a primary before it exists. */
  startPostgres(as: "primary" | "standby"): void {
    const { supervised, world } = this;
    if (!supervised || supervised.postgres) return;
    const startedAtMs = supervised.process.nowMs;
    const run: NonNullable<Supervised["postgres"]> = { server: undefined, as, startedAtMs };
    supervised.postgres = run;
    supervised.fencer.guard(as === "primary");
    supervised.process.after(world.random.between(1, 10), () => {
      const { data } = this.disk;
      if (!data) throw new Error("BUG: PostgreSQL is started without data");
      const { disk, localClock } = this;
      const onEnd = () => this.#postgresEnded(supervised);
      const events = world.postgresEvents;
      run.server = new SimPostgres({ ...world, nodeId: this.id, localClock, data, disk, events, onEnd });
      this.#server = run.server;
    });
  }

  /** F34: its clients cancel what they wait for; its agent reads of it in the log. */
  cancelWaits(): void {
    if (!this.server?.cancelWaits()) return;
    this.disk.hasCancelledWaits = true;
    this.supervised?.agent.logged();
  }

  arm(): void {
    if (!this.supervised?.postgres) return;
    this.supervised.postgres.as = "primary";
    this.supervised.fencer.guard(true);
  }

  newProcess(): Process {
    return new Process(this.world.clock, this.localClock);
  }

  /** A step of the agent or its keeper, where an ambush may wait. */
  stepped(): void {
    const { ambush } = this;
    if (!ambush) return;
    ambush.steps -= 1;
    if (ambush.steps > 0) return;
    this.ambush = undefined;
    ambush.run();
  }

  #isDown(): void {
    this.downSinceMs = this.world.clock.nowMs;
    this.world.linksChanged();
  }

  #newFencer(guard: SimFencer["guarded"]): SimFencer {
    return new SimFencer(this.newProcess(), this.localClock, guard, () => {
      if (this.world.guards.hasFencer) this.killPostgres("the fencer kills PostgreSQL");
    });
  }

  #postgresEnded(supervised: Supervised): void {
    supervised.process.after(this.world.random.between(1, 10), () => {
      supervised.postgres = undefined;
      supervised.exits += 1;
      supervised.fencer.guard(false);
      supervised.agent.waker.wake();
    });
  }

  #processes(): Process[] {
    const { supervised, server } = this;
    const own = supervised
      ? [
          supervised.agent.process,
          supervised.agent.keeperProcess,
          supervised.fencer.process,
          supervised.process,
        ]
      : [];
    return server ? [server.process, ...own] : own;
  }
}
