/** The simulated consensus store: linearizable, with lost and late answers, and times when it is away or behind. */
import type { Condition, Store, StoredValue, TransactionResult, WatchEvent } from "@mainstay/dcs/store.ts";
import type { Clock } from "./clock.ts";
import { type Process, Reply } from "./process.ts";
import type { Network } from "./sim-network.ts";
import { type Content, SimValue } from "./sim-records.ts";

export const storeName = "store";
const aliveEveryMs = 500;
const silentAfterMs = 1_500;
/** A stream that was asked for and shows nothing is asked for again. */
const openPatienceMs = 300;
const retryAfterMs = 100;
/** A request that waited for so long for a leader is dropped. */
const droppedAfterMs = 6_000;

export type Outcome = TransactionResult | "unknown";
export type SimWrite = { readonly put: string; readonly content: Content } | { readonly delete: string };

export interface Transaction {
  readonly conditions: readonly Condition[];
  readonly writes: readonly SimWrite[];
}

export type StoredValues = ReadonlyMap<string, StoredValue>;

/** One change as the invariants see it. */
export interface StoreChange {
  readonly from: string;
  /** True time. */
  readonly sentAtMs: number;
  readonly before: StoredValues;
  readonly values: StoredValues;
}

interface Watcher {
  readonly nodeId: string;
  readonly process: Process;
  /** A number that is not the next one: something of the stream was lost. */
  readonly receive: (events: readonly WatchEvent[], number: number) => void;
  told: number;
}

export class SimStore {
  onChange: (change: StoreChange) => void = () => {};
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #watchers = new Set<Watcher>();
  /** Per node that reads from a member which is behind: what that member has yet to tell. */
  readonly #behind = new Map<string, (() => void)[]>();
  #values: StoredValues = new Map();
  readonly #changedAtMs = new Map<string, number>();
  #revision = 1n;
  /** How often it was sent away; stalled: it takes requests and carries them out when it can. */
  #away = 0;
  #stalls = 0;
  #stalled: { readonly run: () => void; readonly sentAtMs: number }[] = [];

  constructor(clock: Clock, network: Network) {
    this.#clock = clock;
    this.#network = network;
    this.#keepAlive();
  }

  get values(): StoredValues {
    return this.#values;
  }

  /** It answers nothing, and what is sent to it meanwhile is lost. Returns what ends it. */
  goAway(): () => void {
    this.#away += 1;
    return () => {
      this.#away -= 1;
    };
  }

  /** As goAway; every stream is gone with it. */
  restart(): () => void {
    this.#watchers.clear();
    return this.goAway();
  }

  /** It has no leader of its own: requests wait, and are carried out when it has one. */
  stall(): () => void {
    this.#stalls += 1;
    return () => {
      this.#stalls -= 1;
      if (this.#stalls > 0) return;
      for (const { run, sentAtMs } of this.#stalled.splice(0)) {
        if (this.#clock.nowMs - sentAtMs < droppedAfterMs) run();
      }
    };
  }

  /** The member that this node watches hears of no change, and says that it is alive. */
  fallBehind(nodeId: string): () => void {
    if (this.#behind.has(nodeId)) return () => {};
    const waiting: (() => void)[] = [];
    this.#behind.set(nodeId, waiting);
    return () => {
      if (this.#behind.get(nodeId) !== waiting) return;
      this.#behind.delete(nodeId);
      for (const tell of waiting) tell();
    };
  }

  /** As an operator does who restores a backup: every stream breaks, and the past is the present. */
  restore(values: StoredValues): void {
    this.#values = values;
    this.#watchers.clear();
  }

  /** How long ago the request was sent that changed `key` last. */
  ageMs(key: string): number {
    return this.#clock.nowMs - (this.#changedAtMs.get(key) ?? 0);
  }

  /** As the control plane does it: at once. */
  write(writes: readonly SimWrite[]): void {
    this.#commit({ conditions: [], writes }, "control plane", this.#clock.nowMs);
  }

  transact(nodeId: string, process: Process, transaction: Transaction, timeoutMs: number): Reply<Outcome> {
    const reply = new Reply<Outcome>();
    const sentAtMs = this.#clock.nowMs;
    const carryOut = () => {
      const result = this.#commit(transaction, nodeId, sentAtMs);
      this.#network.call(
        storeName,
        nodeId,
        process.inside(() => reply.settle(result)),
      );
    };
    this.#network.call(nodeId, storeName, () => {
      if (this.#away > 0) return;
      if (this.#stalls > 0) this.#stalled.push({ run: carryOut, sentAtMs });
      else carryOut();
    });
    process.after(timeoutMs, () => reply.settle("unknown"));
    return reply;
  }

  /** What openPrefixView needs of a store. */
  watcherFor(nodeId: string, process: Process): Pick<Store, "watch"> {
    return {
      watch: (_prefix, listener) => {
        this.#watch(nodeId, process, listener);
        return new Promise(() => {});
      },
    };
  }

  /** Like the real watch: a stream that was silent for a while is lost and opened again. */
  #watch(nodeId: string, process: Process, listener: (event: WatchEvent) => void): void {
    let watcher: Watcher | undefined;
    let heardAtMs = 0;
    let patienceMs = openPatienceMs;
    const open = () => {
      let heard = 0;
      heardAtMs = process.nowMs;
      patienceMs = openPatienceMs;
      const receive = (events: readonly WatchEvent[], number: number) => {
        if (watcher !== opened) return;
        if (number !== ++heard) return lose();
        heardAtMs = process.nowMs;
        patienceMs = silentAfterMs;
        for (const event of events) listener(event);
      };
      const opened: Watcher = { nodeId, process, told: 0, receive };
      watcher = opened;
      this.#network.send(nodeId, storeName, () => this.#subscribe(opened));
    };
    const lose = () => {
      if (watcher) this.#watchers.delete(watcher);
      watcher = undefined;
      listener({ kind: "lost" });
      process.after(retryAfterMs, open);
    };
    const check = () => {
      const restMs = heardAtMs + patienceMs - process.nowMs;
      if (restMs <= 0 && watcher) lose();
      // A rest too small for the clock to move would be looked at for ever.
      process.after(restMs > 0 ? Math.max(1, restMs) : openPatienceMs, check);
    };
    open();
    check();
  }

  /** What is read at the beginning is read from all of the store: a member that is behind cannot answer alone. */
  #subscribe(watcher: Watcher): void {
    if (this.#away + this.#stalls > 0 || !watcher.process.isAlive) return;
    this.#behind.delete(watcher.nodeId);
    this.#watchers.add(watcher);
    const values = [...this.#values.values()];
    this.#tell(watcher, [{ kind: "snapshot", values, revision: this.#revision }]);
  }

  #tell(watcher: Watcher, events: readonly WatchEvent[]): void {
    const { nodeId, process } = watcher;
    const number = ++watcher.told;
    this.#network.send(
      storeName,
      nodeId,
      process.inside(() => watcher.receive(events, number)),
    );
  }

  #keepAlive(): void {
    this.#clock.after(aliveEveryMs, () => {
      for (const watcher of this.#watchers) {
        if (!watcher.process.isAlive) this.#watchers.delete(watcher);
        else if (this.#away === 0) this.#tell(watcher, alive);
      }
      this.#keepAlive();
    });
  }

  #commit({ conditions, writes }: Transaction, from: string, sentAtMs: number): TransactionResult {
    const current = conditions.map(({ key }) => this.#values.get(key));
    if (!conditions.every(({ modRevision }, index) => current[index]?.modRevision === modRevision)) {
      return { succeeded: false, revision: this.#revision, current };
    }
    this.#revision += 1n;
    const before = this.#values;
    const values = new Map(before);
    for (const write of writes) this.#changedAtMs.set("put" in write ? write.put : write.delete, sentAtMs);
    const events = writes.map((write) => applyWrite(values, write, this.#revision));
    this.#values = values;
    this.onChange({ from, sentAtMs, before, values });
    for (const watcher of this.#watchers) {
      const waiting = this.#behind.get(watcher.nodeId);
      if (waiting) waiting.push(() => this.#tell(watcher, events));
      else this.#tell(watcher, events);
    }
    return { succeeded: true, revision: this.#revision };
  }
}

const alive: readonly WatchEvent[] = [{ kind: "alive" }];

function applyWrite(values: Map<string, StoredValue>, write: SimWrite, revision: bigint): WatchEvent {
  if ("put" in write) {
    const value = new SimValue(write.put, write.content, revision);
    values.set(write.put, value);
    return { kind: "put", value, revision };
  }
  values.delete(write.delete);
  return { kind: "delete", key: write.delete, revision };
}
