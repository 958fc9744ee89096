/** The simulated keeper: as apps/agent/src/keeper/keeper.ts, step for step, in simulated time. */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { parseLock } from "@mainstay/dcs/records.ts";
import type { StoredValue, Write } from "@mainstay/dcs/store.ts";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import type { Timing } from "@mainstay/domain/timing.ts";
import type { Action } from "@mainstay/ha/decision.ts";
import { deadlineAfter, renewed } from "@mainstay/ha/lease.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { type Process, SimulatedFailure, type Task } from "./process.ts";
import type { SimFencer } from "./sim-fencer.ts";
import { keys } from "./sim-instance.ts";
import type { SimStore } from "./sim-store.ts";

/** A brain that was not heard from for this long leads no more. */
const unhealthyAfterMs = 3_000;

export interface KeeperPorts {
  readonly nodeId: string;
  readonly process: Process;
  readonly store: SimStore;
  readonly fencer: SimFencer;
  readonly onLease: () => void;
}

type Claim = Extract<Action, { action: "claim" }>;

export class SimKeeper {
  lease: Observation["lease"];
  readonly #ports: KeeperPorts;
  #timing: Timing | undefined;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  #held: { readonly lock: LockRecord; readonly revision: bigint } | undefined;
  #isBusy = false;

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
    ports.process.start(this.#run());
  }

  healthy(): void {
    this.#healthyAtMs = this.#ports.process.nowMs;
  }

  *claim(timing: Timing, { lock, sync, lockRevision, syncRevision }: Claim): Task<bigint> {
    this.#timing = timing;
    this.healthy();
    const also = {
      conditions: [{ key: keys.sync, modRevision: syncRevision }],
      writes: [{ put: keys.sync, value: formatRecord(sync) }],
    };
    return yield* this.#answered(() => this.#swap(lock, lockRevision, also));
  }

  adopt(timing: Timing, lock: LockRecord, revision: bigint): void {
    this.#timing = timing;
    this.healthy();
    this.#held ??= { lock, revision };
  }

  *setPhase(phase: LockRecord["phase"]): Task<bigint> {
    return yield* this.#answered(() => this.#setPhase(phase));
  }

  *#run(): Task {
    const { process } = this.#ports;
    for (;;) {
      const startedMs = process.nowMs;
      let isRenewed = true;
      try {
        yield* this.#inTurn(() => this.#renew());
      } catch (error) {
        if (!(error instanceof SimulatedFailure)) throw error;
        isRenewed = false;
      }
      const restMs = (this.#timing?.renewMs ?? 100) - (process.nowMs - startedMs);
      yield process.sleep(isRenewed ? Math.max(10, restMs) : 20);
    }
  }

  *#renew(): Task<bigint | undefined> {
    if (!this.#held || this.#ports.process.nowMs - this.#healthyAtMs > unhealthyAfterMs) return undefined;
    return yield* this.#swap(renewed(this.#held.lock), this.#held.revision);
  }

  *#setPhase(phase: LockRecord["phase"]): Task<bigint | undefined> {
    if (!this.#held) return undefined;
    const { lock, revision } = this.#held;
    const at = yield* this.#swap({ ...renewed(lock), phase }, revision);
    if (at !== undefined && (phase === "released" || phase === "stopped")) this.#lose();
    return at;
  }

  *#swap(next: LockRecord, revision: bigint | undefined, also: Also = none): Task<bigint | undefined> {
    const { nodeId, process, store, fencer } = this.#ports;
    const timing = this.#timing;
    if (!timing) return undefined;
    const sentAtMs = process.nowMs;
    const conditions = [{ key: keys.lock, modRevision: revision }, ...also.conditions];
    const writes = [{ put: keys.lock, value: formatRecord(next) }, ...also.writes];
    const result = yield* store.transact(nodeId, process, { conditions, writes }, timing.renewMs).get();
    if (result === "unknown") throw new SimulatedFailure("the store did not answer");
    if (!result.succeeded) {
      this.#adoptOwn(next, result.current[0]);
      return undefined;
    }
    this.#held = { lock: next, revision: result.revision };
    const deadlineMs = deadlineAfter(sentAtMs, timing);
    const isEchoed = () => (fencer.tell(deadlineMs) ? true : undefined);
    yield* process.waitFor(isEchoed, "the fencer's echo", timing.renewMs);
    this.lease = { term: next.term, deadlineMs };
    this.#ports.onLease();
    return result.revision;
  }

  #adoptOwn(mine: LockRecord, current: StoredValue | undefined): void {
    const lock = current && parseLock(current.value);
    const isLive = lock?.phase === "claimed" || lock?.phase === "serving";
    if (current && lock && isLive && lock.bootId === mine.bootId && lock.term === mine.term) {
      this.#held = { lock, revision: current.modRevision };
    } else {
      this.#lose();
    }
  }

  #lose(): void {
    this.#held = undefined;
    this.lease = undefined;
    this.#ports.onLease();
  }

  *#answered(work: () => Task<bigint | undefined>): Task<bigint> {
    const revision = yield* this.#inTurn(work);
    if (revision === undefined) throw new SimulatedFailure("the lock has changed");
    return revision;
  }

  *#inTurn(work: () => Task<bigint | undefined>): Task<bigint | undefined> {
    while (this.#isBusy) yield this.#ports.process.sleep(1);
    this.#isBusy = true;
    try {
      return yield* work();
    } finally {
      this.#isBusy = false;
    }
  }
}

interface Also {
  readonly conditions: readonly { readonly key: string; readonly modRevision: bigint | undefined }[];
  readonly writes: readonly Write[];
}

const none: Also = { conditions: [], writes: [] };
