/** One simulated machine: its disk, its supervisor, and the processes that come and go. */
import type { decide } from "@mainstay/ha/decide.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Clock, Random } from "./clock.ts";
import { type LocalClock, Process } from "./process.ts";
import { SimAgent } from "./sim-agent.ts";
import type { DataDirectory } from "./sim-data.ts";
import { SimFencer } from "./sim-fencer.ts";
import type { Network } from "./sim-network.ts";
import { type PostgresEvents, type Settings, SimPostgres } from "./sim-postgres.ts";
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
  readonly note: (nodeId: string, what: string) => void;
}

/** What survives a power cut. */
export interface Disk {
  highestTerm: number;
  intent: Observation["intent"];
  data: DataDirectory | undefined;
  readonly settings: Settings;
}

/** What survives the agent, and ends with the supervisor. */
export interface Supervised {
  readonly bootId: string;
  readonly process: Process;
  readonly fencer: SimFencer;
  agent: SimAgent;
  shutdown: Observation["shutdown"];
  postgres: { server: SimPostgres | undefined; as: "primary" | "standby"; startedAtMs: number } | undefined;
  exits: number;
}

export class SimNode {
  readonly id: string;
  readonly world: World;
  readonly localClock: LocalClock;
  readonly disk: Disk = {
    highestTerm: 0,
    intent: undefined,
    data: undefined,
    settings: { syncStandbys: [], upstream: undefined, access: "closed" },
  };
  /** Undefined: the machine is off, or the node was stopped. */
  supervised: Supervised | undefined;
  /** True time when a process of this node was last thawed. */
  thawedAtMs = Number.NEGATIVE_INFINITY;
  #boots = 0;

  constructor(id: string, world: World) {
    this.id = id;
    this.world = world;
    const { random } = world;
    this.localClock = { rate: random.between(0.99, 1.01), offsetMs: random.between(0, 1_000_000) };
  }

  get server(): SimPostgres | undefined {
    return this.supervised?.postgres?.server;
  }

  start(): void {
    if (this.supervised) return;
    this.#boots += 1;
    const bootId = `${this.id}${this.#boots}`;
    const fencer = new SimFencer(this.newProcess(), () => {
      if (this.world.guards.hasFencer) this.killPostgres("the fencer kills PostgreSQL");
    });
    const process = this.newProcess();
    const parts = { bootId, process, fencer, shutdown: "none" as const, postgres: undefined, exits: 0 };
    this.supervised = Object.assign(parts, { agent: new SimAgent(this, parts) });
  }

  /** Silent: the machine is gone and nobody is told; else its processes were killed and their peers see it. */
  crash(how: "killed" | "silent"): void {
    const { supervised } = this;
    if (!supervised) return;
    this.server?.kill(how);
    for (const { process } of [supervised.agent, supervised.fencer, supervised]) process.kill();
    this.supervised = undefined;
  }

  freeze(): void {
    for (const process of this.#processes()) process.freeze();
  }

  thaw(): void {
    const processes = this.#processes();
    this.thawProcesses(this.world.random.chance(0.5) ? processes.toReversed() : processes);
  }

  thawProcesses(processes: readonly Process[]): void {
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
    agent.process.kill();
    const startMs = this.world.random.between(200, 400);
    supervised.process.after(startMs, () => {
      if (supervised.agent === agent) supervised.agent = new SimAgent(this, supervised);
    });
  }

  killPostgres(reason: string): void {
    const { server } = this;
    if (!server || server.role === "ended") return;
    this.world.note(this.id, reason);
    server.kill();
  }

  /** The fencer guards a primary before it exists. */
  startPostgres(as: "primary" | "standby"): void {
    const { supervised, world } = this;
    if (!supervised || supervised.postgres) return;
    const run: NonNullable<Supervised["postgres"]> = {
      server: undefined,
      as,
      startedAtMs: supervised.process.nowMs,
    };
    supervised.postgres = run;
    supervised.fencer.guard(as === "primary");
    supervised.process.after(world.random.between(1, 10), () => {
      const { data } = this.disk;
      if (!data) throw new Error("BUG: PostgreSQL is started without data");
      run.server = new SimPostgres({
        ...world,
        nodeId: this.id,
        localClock: this.localClock,
        data,
        settings: () => this.disk.settings,
        events: world.postgresEvents,
        onEnd: () => this.#postgresEnded(),
      });
    });
  }

  arm(): void {
    if (!this.supervised?.postgres) return;
    this.supervised.postgres.as = "primary";
    this.supervised.fencer.guard(true);
  }

  newProcess(): Process {
    return new Process(this.world.clock, this.localClock);
  }

  #postgresEnded(): void {
    const { supervised } = this;
    supervised?.process.after(this.world.random.between(1, 10), () => {
      supervised.postgres = undefined;
      supervised.exits += 1;
      supervised.fencer.guard(false);
      supervised.agent.waker.wake();
    });
  }

  #processes(): Process[] {
    const { supervised, server } = this;
    if (!supervised) return [];
    const all = [server?.process, supervised.agent.process, supervised.fencer.process, supervised.process];
    return all.filter((process) => process !== undefined);
  }
}
