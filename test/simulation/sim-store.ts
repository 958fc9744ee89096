/** The simulated consensus store: linearizable, with latency, lost answers, and times when it is away. */
import type {
  Condition,
  Store,
  StoredValue,
  TransactionResult,
  WatchEvent,
  Write,
} from "@mainstay/dcs/store.ts";
import type { Clock, Random } from "./clock.ts";
import { type Process, Reply } from "./process.ts";
import type { Network } from "./sim-network.ts";

export const storeName = "store";
const aliveEveryMs = 500;
const silentAfterMs = 1_500;
/** A stream that was asked for and shows nothing is asked for again. */
const openPatienceMs = 300;
const retryAfterMs = 100;

export type Outcome = TransactionResult | "unknown";
type Transaction = { readonly conditions: readonly Condition[]; readonly writes: readonly Write[] };

/** One change as the invariants see it. */
export interface StoreChange {
  readonly from: string;
  /** True time. */
  readonly sentAtMs: number;
  readonly before: ReadonlyMap<string, StoredValue>;
  readonly values: ReadonlyMap<string, StoredValue>;
}

interface Watcher {
  readonly nodeId: string;
  readonly process: Process;
  /** A number that is not the next one: something of the stream was lost. */
  readonly receive: (event: WatchEvent, number: number) => void;
  told: number;
}

export class SimStore {
  onChange: (change: StoreChange) => void = () => {};
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #network: Network;
  readonly #watchers = new Set<Watcher>();
  #values: ReadonlyMap<string, StoredValue> = new Map();
  #revision = 1n;
  #isAway = false;

  constructor(clock: Clock, random: Random, network: Network) {
    this.#clock = clock;
    this.#random = random;
    this.#network = network;
    this.#keepAlive();
  }

  get values(): ReadonlyMap<string, StoredValue> {
    return this.#values;
  }

  setAway(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /** As the control plane does it: at once. */
  write(writes: readonly Write[]): void {
    this.#commit({ conditions: [], writes }, "control plane", this.#clock.nowMs);
  }

  transact(nodeId: string, process: Process, transaction: Transaction, timeoutMs: number): Reply<Outcome> {
    const reply = new Reply<Outcome>();
    const sentAtMs = this.#clock.nowMs;
    this.#network.send(nodeId, storeName, () => {
      if (this.#isAway) return;
      const result = this.#commit(transaction, nodeId, sentAtMs);
      if (this.#random.chance(0.005)) return; // the answer is lost
      this.#network.send(
        storeName,
        nodeId,
        process.inside(() => reply.settle(result)),
      );
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
    let heardAtMs = process.nowMs;
    let patienceMs = openPatienceMs;
    const open = () => {
      let heard = 0;
      heardAtMs = process.nowMs;
      patienceMs = openPatienceMs;
      const receive = (event: WatchEvent, number: number) => {
        if (watcher !== opened) return;
        if (number !== ++heard) return lose();
        heardAtMs = process.nowMs;
        patienceMs = silentAfterMs;
        listener(event);
      };
      const opened: Watcher = { nodeId, process, told: 0, receive };
      watcher = opened;
      this.#network.send(nodeId, storeName, () => this.#subscribe(opened));
    };
    const lose = () => {
      if (watcher) this.#watchers.delete(watcher);
      listener({ kind: "lost" });
      open();
    };
    const check = () => {
      if (process.nowMs - heardAtMs > patienceMs) lose();
      process.after(retryAfterMs, check);
    };
    open();
    check();
  }

  #subscribe(watcher: Watcher): void {
    if (this.#isAway || !watcher.process.isAlive) return;
    this.#watchers.add(watcher);
    const values = [...this.#values.values()];
    this.#tell(watcher, { kind: "snapshot", values, revision: this.#revision });
  }

  #tell(watcher: Watcher, event: WatchEvent): void {
    const { nodeId, process } = watcher;
    const number = ++watcher.told;
    this.#network.send(
      storeName,
      nodeId,
      process.inside(() => watcher.receive(event, number)),
    );
  }

  #keepAlive(): void {
    this.#clock.after(aliveEveryMs, () => {
      for (const watcher of this.#watchers) {
        if (!watcher.process.isAlive) this.#watchers.delete(watcher);
        else if (!this.#isAway) this.#tell(watcher, { kind: "alive" });
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
    const events = writes.map((write) => applyWrite(values, write, this.#revision));
    this.#values = values;
    this.onChange({ from, sentAtMs, before, values });
    for (const watcher of this.#watchers) for (const event of events) this.#tell(watcher, event);
    return { succeeded: true, revision: this.#revision };
  }
}

function applyWrite(values: Map<string, StoredValue>, write: Write, revision: bigint): WatchEvent {
  if ("put" in write) {
    const value = { key: write.put, value: write.value, modRevision: revision };
    values.set(write.put, value);
    return { kind: "put", value, revision };
  }
  if ("deletePrefix" in write) throw new Error("BUG: agents delete no prefix");
  values.delete(write.delete);
  return { kind: "delete", key: write.delete, revision };
}
