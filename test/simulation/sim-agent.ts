/** The simulated agent: observe → decide → act around the real core, as apps/agent/src/agent/agent-loop.ts. */
import { createMemory } from "@mainstay/agent/agent/memory.ts";
import { nodeStatus } from "@mainstay/agent/agent/observe.ts";
import { openPrefixView, type PrefixView } from "@mainstay/dcs/prefix-view.ts";
import { isHeldOn, isOwnLock } from "@mainstay/ha/lease.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { type Process, SimulatedFailure, type Task, Waker } from "./process.ts";
import { act } from "./sim-act.ts";
import { keys } from "./sim-instance.ts";
import { SimKeeper } from "./sim-keeper.ts";
import type { SimNode, Supervised } from "./sim-node.ts";
import { observe, observePostgres } from "./sim-observe.ts";

const everyMs = 200;
/** While PostgreSQL starts, every look may find it ready. */
const startingMs = 20;
const newsEveryMs = 500;
const stuckAfterMs = 30_000;
const noProcesses = { pids: { supervisor: 1, fencer: null }, postgres: null };

export class SimAgent {
  readonly node: SimNode;
  readonly process: Process;
  readonly keeperProcess: Process;
  readonly supervised: Omit<Supervised, "agent">;
  readonly view: PrefixView;
  readonly keeper: SimKeeper;
  readonly memory = createMemory();
  readonly waker = new Waker();
  readonly #newsWaker = new Waker();
  #passSinceMs: number;
  #latest: { readonly seen: Observation; readonly reason: string } | undefined;
  #told = "";
  /** True time up to which it knows of cancelled waits. */
  #logReadToMs = Number.NEGATIVE_INFINITY;

  constructor(node: SimNode, supervised: Omit<Supervised, "agent">) {
    const { store } = node.world;
    this.node = node;
    this.supervised = supervised;
    this.process = node.newProcess();
    this.keeperProcess = node.newProcess();
    this.#passSinceMs = this.process.nowMs;
    const wake = () => this.waker.wake();
    const { signal } = new AbortController();
    const now = () => this.process.nowMs;
    this.view = openPrefixView(store.watcherFor(node.id, this.process), keys.prefix, wake, signal, now);
    const { process } = this;
    this.keeper = new SimKeeper({
      nodeId: node.id,
      process: this.keeperProcess,
      clock: node.localClock,
      store,
      fencer: () => supervised.fencer,
      onLease: process.inside(wake),
      onStep: () => node.stepped(),
    });
    if (node.disk.hasCancelledWaits) this.#readLog(true);
    process.start(this.#loop());
    process.start(this.#news());
  }

  /** PostgreSQL's log says of waits that were cancelled. */
  logged(): void {
    this.#readLog(false);
  }

  #readLog(isReadBack: boolean): void {
    const { process, node, memory } = this;
    const { nowMs } = node.world.clock;
    process.after(node.world.random.between(1, 20), () => {
      memory.coverage.waitCancelled(process.nowMs, isReadBack);
      this.#logReadToMs = nowMs;
      this.waker.wake();
    });
  }

  kill(): void {
    this.process.kill();
    this.keeperProcess.kill();
  }

  /** Between two steps of an action; what waits there to kill this agent lets it go no further. */
  *step(ms: number): Task {
    this.node.stepped();
    yield this.process.sleep(ms);
    this.node.stepped();
    if (!this.process.isAlive) yield () => {};
  }

  /** A durable write to this node's disk, a step of its own. */
  *write(change: () => void): Task {
    yield* this.step(0);
    yield* this.node.disk.write(this.process, change);
    yield* this.step(0);
  }

  *#loop(): Task {
    for (;;) {
      try {
        yield* this.#pass();
      } catch (error) {
        if (!(error instanceof SimulatedFailure)) throw error;
        this.node.world.note(this.node.id, `failed: ${error.message}`);
      }
      yield* this.waker.wait(this.process, everyMs);
    }
  }

  *#pass(): Task {
    const { node, process, supervised } = this;
    this.#passSinceMs = process.nowMs;
    yield* this.#obeyLock(observe(this, { kind: "absent" }));
    const postgres = yield* observePostgres(this);
    const seen = observe(this, postgres);
    if (postgres.kind === "primary" && this.#answersForWaits(seen)) {
      node.world.answersForWaits(node, this.#logReadToMs);
    }
    yield* this.#obeyLock(seen);
    const decision = node.world.guards.decide(seen);
    this.#latest = { seen, reason: decision.reason };
    const line = `${decision.action}: ${decision.reason}`;
    if (line !== this.#told) {
      node.world.note(node.id, line);
      this.#newsWaker.wake();
    }
    this.#told = line;
    yield* act(decision, seen, this);
    if (isDownForShutdown(seen) && !supervised.postgres) node.crash("killed");
    if (decision.action !== "wait") this.waker.wake();
    else if (seen.postgres.kind === "starting") process.after(startingMs, () => this.waker.wake());
  }

  /** Whatever was cancelled so far is on the standby, or nothing lets that one lead. */
  #answersForWaits({ sync }: Observation): boolean {
    if (!this.memory.coverage.isUncovered(Number.POSITIVE_INFINITY)) return true;
    return sync.kind === "recorded" && sync.record.mode === "async" && sync.isSettled;
  }

  /** S1: a term is on disk before anything is done in it; and a lock of this run that nobody renews is adopted. */
  *#obeyLock({ lock, spec, self, bootId }: Observation): Task {
    if (!spec || lock.kind !== "held") return;
    const { record, revision } = lock;
    yield* this.obeyTerm(record.term);
    if (isHeldOn(record) && !this.keeper.lease && isOwnLock(record, self, bootId)) {
      this.keeper.adopt(record, revision);
    }
  }

  *obeyTerm(term: number): Task {
    const { disk } = this.node;
    if (term <= disk.highestTerm) return;
    yield* this.write(() => {
      disk.highestTerm = term;
    });
  }

  *#news(): Task {
    const { node, process } = this;
    for (;;) {
      if (process.nowMs - this.#passSinceMs < stuckAfterMs) this.keeper.healthy();
      const spec = this.view.values.get(keys.spec)?.value.modRevision;
      if (this.#latest && spec !== undefined) {
        const status = nodeStatus(this.#latest.seen, noProcesses, this.#latest.reason);
        const conditions = [{ key: keys.spec, modRevision: spec }];
        const writes = [{ put: keys.node(node.id), content: { status } }];
        yield* node.world.store.transact(node.id, process, { conditions, writes }, 1_000).get();
      }
      yield* this.#newsWaker.wait(process, newsEveryMs);
    }
  }
}

function isDownForShutdown({ shutdown, postgres, lock, self, bootId }: Observation): boolean {
  if (shutdown === "none") return false;
  if (postgres.kind !== "stopped" && postgres.kind !== "absent") return false;
  const holds = lock.kind === "held" && isOwnLock(lock.record, self, bootId);
  return !holds || !isHeldOn(lock.record);
}
