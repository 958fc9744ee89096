/** The simulated keeper: as apps/agent/src/keeper/keeper.ts, step for step, with a process of its own. */
import type { StoredValue } from "@mainstay/dcs/store.ts";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import type { Action } from "@mainstay/ha/decision.ts";
import { deadlineAfter, isHeldOn, renewed } from "@mainstay/ha/lease.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { type LocalClock, type Process, Reply, SimulatedFailure, type Task } from "./process.ts";
import { type SimFencer, suspendedTooLongMs } from "./sim-fencer.ts";
import { keys } from "./sim-instance.ts";
import { contentOf } from "./sim-records.ts";
import type { SimStore, Transaction } from "./sim-store.ts";

/** An agent that was not heard from for this long leads no more. */
const unhealthyAfterMs = 3_000;
const answerTimeoutMs = 5_000;

export interface KeeperPorts {
  readonly nodeId: string;
  readonly process: Process;
  readonly clock: LocalClock;
  readonly store: SimStore;
  readonly fencer: () => SimFencer;
  readonly onLease: () => void;
  /** Before and after each step: a schedule may end it there. */
  readonly onStep: () => void;
}

type Claim = Extract<Action, { action: "claim" }>;
type Answer = { readonly revision: bigint | undefined; readonly problem: string };

export class SimKeeper {
  #lease: Observation["lease"];
  #suspendedMs = 0;
  readonly #ports: KeeperPorts;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  #held: { readonly lock: LockRecord; readonly revision: bigint } | undefined;
  #isBusy = false;

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
    ports.process.start(this.#run());
  }

  /** A lease ends with a suspension of the machine. */
  get lease(): Observation["lease"] {
    const suspendedMs = this.#ports.clock.suspendedMs - this.#suspendedMs;
    return suspendedMs > suspendedTooLongMs ? undefined : this.#lease;
  }

  healthy(): void {
    const { process } = this.#ports;
    process.inside(() => {
      this.#healthyAtMs = process.nowMs;
    })();
  }

  adopt(lock: LockRecord, revision: bigint): void {
    const { process } = this.#ports;
    process.inside(() => {
      this.#healthyAtMs = process.nowMs;
      this.#held ??= { lock, revision };
      process.start(this.#renewOnce(), () => {});
    })();
  }

  *claim(asker: Process, claimed: Claim): Task<bigint> {
    const { lock, sync, lockRevision, syncRevision, requestRevision } = claimed;
    const accepted =
      requestRevision === undefined ? [] : [{ key: keys.switchover, modRevision: requestRevision }];
    const also = {
      conditions: [{ key: keys.sync, modRevision: syncRevision }, ...accepted],
      writes: [{ put: keys.sync, content: { sync } }],
    };
    return yield* this.#ask(asker, () => {
      this.#healthyAtMs = this.#ports.process.nowMs;
      return this.#swap(lock, lockRevision, also);
    });
  }

  *setPhase(asker: Process, phase: LockRecord["phase"]): Task<bigint> {
    return yield* this.#ask(asker, () => this.#setPhase(phase));
  }

  *#run(): Task {
    const { process } = this.#ports;
    for (;;) {
      const startedMs = process.nowMs;
      let isRenewed = true;
      try {
        isRenewed = yield* this.#inTurn(() => this.#renew());
      } catch (error) {
        if (!(error instanceof SimulatedFailure)) throw error;
        isRenewed = false;
      }
      const restMs = (this.#held?.lock.timing.renewMs ?? 100) - (process.nowMs - startedMs);
      yield process.sleep(isRenewed ? Math.max(10, restMs) : 20);
    }
  }

  *#renewOnce(): Task {
    yield* this.#inTurn(() => this.#renew());
  }

  *#renew(): Task<boolean> {
    if (!this.#held || this.#ports.process.nowMs - this.#healthyAtMs > unhealthyAfterMs) return true;
    const revision = yield* this.#swap(renewed(this.#held.lock), this.#held.revision);
    return revision !== undefined || this.#held === undefined;
  }

  *#setPhase(phase: LockRecord["phase"]): Task<bigint | undefined> {
    if (!this.#held) return undefined;
    const { lock, revision } = this.#held;
    const next = { ...renewed(lock), phase };
    if (!isHeldOn(next)) this.#report(undefined);
    const at = yield* this.#swap(next, revision);
    if (at !== undefined && !isHeldOn(next)) this.#lose();
    return at;
  }

  *#swap(next: LockRecord, revision: bigint | undefined, also = none): Task<bigint | undefined> {
    const { nodeId, process, store, fencer, onStep } = this.#ports;
    const { timing } = next;
    const sentAtMs = process.nowMs;
    const { suspendedMs } = this.#ports.clock;
    const conditions = [{ key: keys.lock, modRevision: revision }, ...also.conditions];
    const writes = [{ put: keys.lock, content: { lock: next } }, ...also.writes];
    const result = yield* store.transact(nodeId, process, { conditions, writes }, timing.renewMs / 2).get();
    onStep();
    if (result === "unknown") throw new SimulatedFailure("the store did not answer");
    if (!result.succeeded) {
      this.#adoptOwn(next, result.current[0]);
      return undefined;
    }
    this.#held = { lock: next, revision: result.revision };
    if (!isHeldOn(next)) return result.revision;
    const wasSuspended = () => this.#ports.clock.suspendedMs - suspendedMs > suspendedTooLongMs;
    if (wasSuspended()) return undefined;
    const deadlineMs = deadlineAfter(sentAtMs, timing);
    const isEchoed = () => (fencer().tell(deadlineMs, suspendedMs) ? true : undefined);
    yield* process.waitFor(isEchoed, "the fencer's echo", timing.renewMs);
    if (wasSuspended()) return undefined;
    this.#report({ term: next.term, deadlineMs });
    onStep();
    return result.revision;
  }

  /** An answer that was lost may have been a success: then the store holds exactly what was sent again. */
  #adoptOwn(mine: LockRecord, current: StoredValue | undefined): void {
    const { lock } = contentOf(current);
    if (current && lock && isHeldOn(mine) && isSameLock(lock, mine)) {
      this.#held = { lock: mine, revision: current.modRevision };
    } else {
      this.#lose();
    }
  }

  #lose(): void {
    this.#held = undefined;
    this.#report(undefined);
  }

  #report(lease: Observation["lease"]): void {
    const isNews = (this.#lease === undefined) !== (lease === undefined);
    this.#lease = lease;
    this.#suspendedMs = this.#ports.clock.suspendedMs;
    if (isNews) this.#ports.onLease();
  }

  /** The work is this process's, the waiting is the asker's. */
  *#ask(asker: Process, work: () => Task<bigint | undefined>): Task<bigint> {
    const reply = new Reply<Answer>();
    const { process } = this.#ports;
    const answer = (revision: bigint | undefined, problem: string) => reply.settle({ revision, problem });
    const inTurn = this.#inTurn(work);
    function* answered(): Task {
      answer(yield* inTurn, "the lock has changed");
    }
    process.start(answered(), ({ message }) => answer(undefined, message));
    asker.after(answerTimeoutMs, () => answer(undefined, "the keeper did not answer"));
    const { revision, problem } = yield* reply.get();
    if (revision === undefined) throw new SimulatedFailure(problem);
    return revision;
  }

  *#inTurn<T>(work: () => Task<T>): Task<T> {
    while (this.#isBusy) yield this.#ports.process.sleep(1);
    this.#isBusy = true;
    try {
      return yield* work();
    } finally {
      this.#isBusy = false;
    }
  }
}

const none: Transaction = { conditions: [], writes: [] };

function isSameLock(one: LockRecord, other: LockRecord): boolean {
  const isSameRun = one.term === other.term && one.bootId === other.bootId;
  return isSameRun && one.holder === other.holder && one.phase === other.phase && one.seq === other.seq;
}
