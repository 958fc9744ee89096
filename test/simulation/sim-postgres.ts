/** One run of a simulated PostgreSQL server, from its start to its end. */
import type { Clock, Random } from "./clock.ts";
import { type LocalClock, Process, SimulatedFailure, type Task } from "./process.ts";
import type { DataDirectory, WalRecord } from "./sim-data.ts";
import type { Network } from "./sim-network.ts";
import { Session } from "./sim-replication.ts";

/** What the agent renders into configuration files. */
export interface Settings {
  syncStandbys: readonly string[];
  upstream: string | undefined;
  access: "open" | "closed";
}

/** What only an observer of the whole world sees. */
export interface PostgresEvents {
  started(server: SimPostgres): void;
  opened(server: SimPostgres): void;
  published(server: SimPostgres): void;
  promoting(server: SimPostgres): void;
  promoted(server: SimPostgres): void;
  acknowledged(server: SimPostgres, record: WalRecord, position: number, writtenAtMs: number): void;
  diverged(standby: SimPostgres, upstream: SimPostgres): void;
}

export interface PostgresPorts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly localClock: LocalClock;
  readonly data: DataDirectory;
  /** As they are on disk now. */
  readonly settings: () => Settings;
  readonly serverOf: (nodeId: string) => SimPostgres | undefined;
  readonly events: PostgresEvents;
  readonly onEnd: (server: SimPostgres) => void;
}

interface Waiter {
  readonly position: number;
  readonly resume: () => void;
}

export class SimPostgres {
  readonly nodeId: string;
  readonly data: DataDirectory;
  readonly process: Process;
  readonly events: PostgresEvents;
  readonly sessions = new Set<Session>();
  role: "starting" | "primary" | "standby" | "stopping" | "ended" = "starting";
  /** The settings as a session sees them. */
  settings: Settings;
  receiver: Session | undefined;
  readonly #ports: PostgresPorts;
  /** synchronous_standby_names as it is in force: the checkpointer publishes it. */
  #published: readonly string[];
  #waiters: Waiter[] = [];

  constructor(ports: PostgresPorts) {
    this.#ports = ports;
    this.nodeId = ports.nodeId;
    this.data = ports.data;
    this.events = ports.events;
    this.process = new Process(ports.clock, ports.localClock);
    this.settings = { ...ports.settings() };
    this.#published = this.settings.syncStandbys;
    this.process.start(this.#recover());
    this.process.start(this.#tick());
  }

  get isRunning(): boolean {
    return this.role === "primary" || this.role === "standby" || this.role === "stopping";
  }

  /** Commits wait for these. */
  get published(): readonly string[] {
    return this.#published;
  }

  /** A change is seen by sessions and by commits a moment later, each at its own time. */
  reload(): void {
    const { random, settings } = this.#ports;
    const next = { ...settings() };
    const publishMs = random.between(0.2, 5);
    this.process.after(publishMs, () => {
      this.#published = next.syncStandbys;
      this.events.published(this);
      this.release();
    });
    this.process.after(publishMs + random.between(0.1, 5), () => {
      const wasOpen = this.settings.access === "open";
      this.settings = next;
      if (next.access === "open" && !wasOpen) this.events.opened(this);
      if (this.receiver && this.receiver.upstream.nodeId !== next.upstream) this.receiver.closeReceiver();
    });
  }

  /** A commit of a client or of the agent; resumes when it is acknowledged, if it ever is. */
  *commit(what: "write" | "proof", number: number): Task {
    const { clock, random } = this.#ports;
    if (this.role !== "primary") throw new SimulatedFailure("the server takes no writes");
    const writtenAtMs = clock.nowMs;
    const position = this.data.append(what, number);
    const record = this.data.wal[position - 1];
    yield this.process.sleep(random.between(0.2, 1.5));
    this.#flush(position);
    if (this.#published.length > 0 && this.#acknowledgedTo() < position) {
      yield (resume) => this.#waiters.push({ position, resume });
    }
    if (this.role !== "primary" || !record) throw new SimulatedFailure("the session was ended");
    this.events.acknowledged(this, record, position, writtenAtMs);
  }

  /** A standby's reply arrived or the setting changed: lets go who need wait no longer. */
  release(): void {
    if (this.#waiters.length === 0) return;
    const position = this.#published.length === 0 ? Number.POSITIVE_INFINITY : this.#acknowledgedTo();
    const released = this.#waiters.filter((waiter) => waiter.position <= position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const { resume } of released) resume();
  }

  flushMoved(): void {
    for (const session of this.sessions) session.pump();
  }

  receiverEnded(session: Session): void {
    if (this.receiver === session) this.receiver = undefined;
  }

  promote(): void {
    if (this.role !== "standby") throw new SimulatedFailure("this server is no standby");
    this.events.promoting(this);
    this.receiver?.closeReceiver();
    this.settings = { ...this.settings, upstream: undefined };
    this.process.after(this.#ports.random.between(15, 140), () => {
      this.data.timeline += 1;
      this.data.isStandby = false;
      this.#flush(this.data.append("promotion", 0));
      this.role = "primary";
      this.events.promoted(this);
    });
  }

  /** A fast shutdown: no session survives it, and its checkpoint reaches the standbys that still answer. */
  *stop(): Task {
    const wasPrimary = this.role === "primary";
    this.role = "stopping";
    this.#waiters = [];
    yield this.process.sleep(this.#ports.random.between(10, 60));
    if (wasPrimary) this.#flush(this.data.append("checkpoint", 0));
    const isSent = () =>
      [...this.sessions].every((session) => session.sender.flushed >= this.data.flushed) ? true : undefined;
    yield* this.process.waitFor(isSent, "the standbys' replies", 60_000);
    this.data.isClean = true;
    this.#end();
  }

  /** Every process of it is gone at once. Silent: its machine too, so that nobody is told. */
  kill(how: "killed" | "silent" = "killed"): void {
    if (this.role === "ended") return;
    this.data.crash();
    if (how === "silent") this.sessions.clear();
    if (how === "silent") this.receiver = undefined;
    this.#end();
  }

  #end(): void {
    this.role = "ended";
    for (const session of this.sessions) session.closeSender();
    this.receiver?.closeReceiver();
    this.process.kill();
    this.#ports.onEnd(this);
  }

  *#recover(): Task {
    const { random, settings } = this.#ports;
    yield this.process.sleep(random.between(50, random.chance(0.1) ? 1_500 : 250));
    this.events.started(this);
    if (this.data.isStandby) {
      this.role = "standby";
    } else {
      if (!this.data.isClean) this.#flush(this.data.append("checkpoint", 0));
      this.role = "primary";
    }
    this.data.isClean = false;
    if (settings().access === "open") this.events.opened(this);
  }

  *#tick(): Task {
    for (let tick = 1; ; tick += 1) {
      yield this.process.sleep(100);
      const { upstream } = this.settings;
      if (this.role === "standby" && upstream !== undefined && !this.receiver) this.#connect(upstream);
      if (tick % 10 !== 0) continue;
      for (const session of this.sessions) session.tickSender();
      this.receiver?.tickReceiver();
    }
  }

  #connect(nodeId: string): void {
    const { serverOf, network, random } = this.#ports;
    const upstream = serverOf(nodeId);
    if (!upstream?.isRunning || !network.isUp(this.nodeId, nodeId)) return;
    this.receiver = new Session(this, upstream, network, random);
    this.receiver.connect();
  }

  #flush(position: number): void {
    this.data.flushed = Math.max(this.data.flushed, position);
    this.flushMoved();
  }

  #acknowledgedTo(): number {
    const flushed = this.#published.map((nodeId) => {
      const session = [...this.sessions].find(({ standby }) => standby.nodeId === nodeId);
      return session?.sender.isStreaming ? session.sender.flushed : 0;
    });
    return Math.min(...flushed);
  }
}
