/** One run of a simulated PostgreSQL server, from its start to its end. */
import { preparedMark } from "@mainstay/postgres/queries.ts";
import type { PostgresStatus } from "@mainstay/postgres/status.ts";
import type { Clock, Random } from "./clock.ts";
import { type LocalClock, Process, SimulatedFailure, type Task } from "./process.ts";
import { type DataDirectory, toPosition, type WalRecord } from "./sim-data.ts";
import type { Settings, SimDisk } from "./sim-disk.ts";
import type { Network } from "./sim-network.ts";
import { Session } from "./sim-replication.ts";

/** What only an observer of the whole world sees. */
export interface PostgresEvents {
  started(server: SimPostgres): void;
  opened(server: SimPostgres): void;
  published(server: SimPostgres): void;
  promoting(server: SimPostgres): void;
  promoted(server: SimPostgres): void;
  acknowledged(server: SimPostgres, record: WalRecord, position: number, writtenAtMs: number): void;
  /** A client is told of a success that no standby need have. */
  waitCancelled(server: SimPostgres, record: WalRecord, position: number): void;
  diverged(standby: SimPostgres, upstream: SimPostgres): void;
}

export interface PostgresPorts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly localClock: LocalClock;
  readonly data: DataDirectory;
  readonly disk: SimDisk;
  readonly serverOf: (nodeId: string) => SimPostgres | undefined;
  readonly events: PostgresEvents;
  readonly onEnd: (server: SimPostgres) => void;
}

interface Waiter {
  readonly position: number;
  readonly record: WalRecord | undefined;
  readonly acknowledge: () => void;
  readonly done: (isAcknowledged: boolean) => void;
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
  /** Its own process is there no more, or stands still; its sessions are not told. */
  isPostmasterGone = false;
  isPostmasterFrozen = false;
  /** Replay stands still, and with it promotion. */
  isReplayPaused = false;
  readonly #ports: PostgresPorts;
  /** synchronous_standby_names as it is in force: the checkpointer publishes it. */
  #published: readonly string[];
  #waiters: Waiter[] = [];
  #isSeeking = false;

  /** Members that have a replication slot here. */
  slots: readonly string[] = [];

  constructor(ports: PostgresPorts) {
    this.#ports = ports;
    this.nodeId = ports.nodeId;
    this.data = ports.data;
    this.events = ports.events;
    this.process = new Process(ports.clock, ports.localClock);
    this.settings = { ...ports.disk.settings };
    this.#published = this.settings.syncStandbys;
    this.process.start(this.#recover());
    this.#tickAgain();
  }

  get isRunning(): boolean {
    return this.role === "primary" || this.role === "standby" || this.role === "stopping";
  }

  /** No new session is answered. */
  get isHung(): boolean {
    return this.process.isFrozen || this.isPostmasterGone || this.isPostmasterFrozen;
  }

  /** How long an fsync takes. */
  syncMs(least: number, most: number): number {
    return this.#ports.disk.syncMs(least, most);
  }

  /** What a new session reads; undefined while it starts and when it ends. */
  status(): PostgresStatus | undefined {
    const { data, role, settings, receiver } = this;
    const { systemId, timeline } = data;
    const flushPosition = toPosition(data.flushed);
    if (role === "standby") {
      const state = receiver?.receiver.isStreaming ? "streaming" : "connecting";
      return {
        kind: "standby",
        systemId,
        timeline,
        flushPosition,
        replayPosition: flushPosition,
        upstream: settings.upstream,
        receiver: receiver ? state : "stopped",
        isPromotable: !this.isReplayPaused,
      };
    }
    if (role !== "primary") return undefined;
    const standbys = [...this.sessions].map(({ standby, sender }) => ({
      nodeId: standby.nodeId,
      isStreaming: sender.isStreaming,
      flushPosition: toPosition(sender.flushed),
      replyStamp: String(sender.replies),
    }));
    const { syncStandbys, access } = settings;
    const known = { systemId, timeline, flushPosition, syncStandbys, access, standbys };
    return { kind: "primary", ...known, slots: this.slots, preparedMark };
  }

  get trueMs(): number {
    return this.#ports.clock.nowMs;
  }

  /** Commits wait for these. */
  get published(): readonly string[] {
    return this.#published;
  }

  /** A change is seen by sessions and by commits a moment later, each at its own time. */
  reload(): void {
    const { random, disk } = this.#ports;
    const next = { ...disk.settings };
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
      const { receiver } = this;
      if (!receiver || receiver.upstream.nodeId === next.upstream) return this.#seekUpstream();
      this.process.after(random.between(0, 15), () => receiver.closeReceiver());
    });
  }

  /** A commit of a client or of the agent; `done` runs when its session knows, unless it ends with the server. */
  commit(what: "write" | "proof", number: number, done: (isAcknowledged: boolean) => void): void {
    if (this.role !== "primary") {
      done(false);
      return;
    }
    const writtenAtMs = this.#ports.clock.nowMs;
    const position = this.data.append(what, number);
    const record = this.data.wal[position - 1];
    const acknowledge = () => {
      const isAcknowledged = this.role === "primary" && record !== undefined;
      if (isAcknowledged) this.events.acknowledged(this, record, position, writtenAtMs);
      done(isAcknowledged);
    };
    this.#afterSync(this.syncMs(0.2, 1.5), () => {
      if (this.#ports.disk.isFull) {
        this.kill();
        return;
      }
      this.#flush(position);
      if (this.#published.length === 0 || this.#acknowledgedTo() >= position) acknowledge();
      else this.#waiters.push({ position, record, acknowledge, done });
    });
  }

  /** Its receiver waits for the device, and neither reads nor answers meanwhile. */
  get isStuck(): boolean {
    return this.#ports.disk.hangsSinceMs !== undefined && this.data.flushed < this.data.wal.length;
  }

  whenUnstuck(run: () => void): void {
    if (this.isStuck) this.#ports.disk.answer(this.process.inside(run));
    else run();
  }

  /** What was received is on disk after this, unless the disk is full. */
  flushReceived(position: number, flushed: () => void): void {
    const { random, disk } = this.#ports;
    this.#afterSync(this.syncMs(0.2, random.chance(0.02) ? 60 : 1.5), () => {
      if (disk.isFull) return this.kill();
      if (!this.receiver) return;
      this.data.flushed = Math.max(this.data.flushed, position);
      this.flushMoved();
      flushed();
    });
  }

  /** What no attached standby needs: slots keep only so much for those that are away. */
  recycleWal(): void {
    const needed = [...this.sessions].map(({ sender }) => sender.flushed);
    this.data.keptFrom = Math.max(this.data.keptFrom, Math.min(this.data.flushed, ...needed));
  }

  /** A standby's reply arrived or the setting changed: lets go who need wait no longer. */
  release(): void {
    if (this.#waiters.length === 0) return;
    const position = this.#published.length === 0 ? Number.POSITIVE_INFINITY : this.#acknowledgedTo();
    const released = this.#waiters.filter((waiter) => waiter.position <= position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const { acknowledge } of released) acknowledge();
  }

  /** F34: ends the waits of clients, as a request to cancel does. Whether there were any. */
  cancelWaits(): boolean {
    const isClients = ({ record }: Waiter) => record?.what === "write";
    const cancelled = this.#waiters.filter(isClients);
    this.#waiters = this.#waiters.filter((waiter) => !isClients(waiter));
    for (const { record, position, done } of cancelled) {
      if (record) this.events.waitCancelled(this, record, position);
      done(true);
    }
    return cancelled.length > 0;
  }

  flushMoved(): void {
    for (const session of this.sessions) session.pump();
  }

  receiverEnded(session: Session): void {
    if (this.receiver !== session) return;
    this.receiver = undefined;
    this.#seekUpstream();
  }

  promote(): void {
    if (this.role !== "standby") throw new SimulatedFailure("this server is no standby");
    this.events.promoting(this);
    this.settings = { ...this.settings, upstream: undefined };
    this.receiver?.closeReceiver();
    this.#afterSync(this.#ports.random.between(15, 140), () => {
      if (this.role !== "standby") return;
      if (this.#ports.disk.isFull) return this.kill();
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
    yield this.#ports.disk.answered;
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
    const { disk, onEnd } = this.#ports;
    // What waits for a device ends when that answers; it does nothing any more.
    disk.answer(() => onEnd(this));
  }

  *#recover(): Task {
    const { random, disk } = this.#ports;
    yield this.process.sleep(random.between(50, random.chance(0.1) ? 1_500 : 250));
    yield this.process.sleep(disk.recoveryMs);
    yield disk.answered;
    if (disk.isFull || this.data.isCorrupt) return this.#end();
    this.events.started(this);
    if (this.data.isStandby) {
      this.role = "standby";
      this.#seekUpstream();
    } else {
      if (!this.data.isClean) this.#flush(this.data.append("checkpoint", 0));
      this.role = "primary";
    }
    this.data.isClean = false;
    if (disk.settings.access === "open") this.events.opened(this);
  }

  #afterSync(ms: number, run: () => void): void {
    const inside = this.process.inside(run);
    this.process.after(ms, () => this.#ports.disk.answer(inside));
  }

  #tickAgain(): void {
    this.process.after(1_000, () => {
      for (const session of this.sessions) session.tickSender();
      this.receiver?.tickReceiver();
      this.#tickAgain();
    });
  }

  #seekUpstream(): void {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    this.process.after(this.#ports.random.between(10, 100), () => {
      this.#isSeeking = false;
      const { upstream } = this.settings;
      if (this.role !== "standby" || upstream === undefined || this.receiver) return;
      if (!this.#connect(upstream)) this.#seekUpstream();
    });
  }

  #connect(nodeId: string): boolean {
    const { serverOf, network } = this.#ports;
    const upstream = serverOf(nodeId);
    if (!upstream?.isRunning || !network.isUp(this.nodeId, nodeId)) return false;
    this.receiver = new Session(this, upstream, network);
    this.receiver.connect();
    return true;
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
