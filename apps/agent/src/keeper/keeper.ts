/**
 * Holds the lock by compare-and-swap (S1 to S3 of docs/spec/ha.md) and passes each deadline straight to the
 * fencer. It has its own connection and its own thread: nothing that the agent waits for can delay a renewal.
 */

import { formatRecord } from "@mainstay/dcs/format-record.ts";
import type { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { Store, StoredValue, Write } from "@mainstay/dcs/store.ts";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import { deadlineAfter, isHeldOn, renewed } from "@mainstay/ha/lease.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { createSuspensionWatch } from "@mainstay/runtime/suspension.ts";
import type { FencerLine } from "./fencer-line.ts";
import type { FromKeeper, ToKeeper } from "./protocol.ts";

/** An agent that was not heard from for this long leads no more. */
const unhealthyAfterMs = 3_000;

interface Held {
  readonly lock: LockRecord;
  readonly revision: bigint;
}

export interface KeeperPorts {
  readonly store: Store;
  readonly keys: ReturnType<typeof instanceKeys>;
  readonly fencer: FencerLine;
  readonly report: (message: FromKeeper) => void;
  readonly signal: AbortSignal;
}

export class Keeper {
  readonly #ports: KeeperPorts;
  #healthyAtMs = Number.NEGATIVE_INFINITY;
  #held: Held | undefined;
  /** One request at a time: a renewal and a change of phase would compare the same revision. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
  }

  /** Renews until aborted. A renewal that gained nothing is followed by the next one at once. */
  async run(): Promise<void> {
    const { signal } = this.#ports;
    while (!signal.aborted) {
      const startedMs = monotonicMs();
      const isRenewed = await this.#inTurn(() => this.#renew()).catch(() => false);
      const restMs = (this.#held?.lock.timing.renewMs ?? 100) - (monotonicMs() - startedMs);
      await pause(isRenewed ? Math.max(10, restMs) : 20, signal);
    }
  }

  /** Carries out one message of the agent. */
  async obey(message: ToKeeper): Promise<void> {
    switch (message.kind) {
      case "healthy":
        this.#healthyAtMs = monotonicMs();
        return;
      case "claim":
        this.#healthyAtMs = monotonicMs();
        return this.#answer(() => this.#claim(message));
      case "adopt":
        this.#healthyAtMs = monotonicMs();
        this.#held ??= { lock: message.lock, revision: message.revision };
        await this.#inTurn(() => this.#renew()).catch(() => {});
        return;
      case "set-phase":
        return this.#answer(() => this.#setPhase(message.phase));
    }
  }

  async #claim(claimed: Claim): Promise<bigint | undefined> {
    const { lock, sync, lockRevision, syncRevision, requestRevision } = claimed;
    const { keys } = this.#ports;
    const accepted =
      requestRevision === undefined ? [] : [{ key: keys.switchover, modRevision: requestRevision }];
    return this.#swap(lock, lockRevision, {
      conditions: [{ key: keys.sync, modRevision: syncRevision }, ...accepted],
      writes: [{ put: keys.sync, value: formatRecord(sync) }],
    });
  }

  /** Once the end of the lease was sent it may be carried out: only a renewal after it shows that it was not. */
  async #setPhase(phase: LockRecord["phase"]): Promise<bigint | undefined> {
    if (!this.#held) return undefined;
    const { lock, revision } = this.#held;
    const next = { ...renewed(lock), phase };
    if (!isHeldOn(next)) this.#ports.report({ kind: "lease", lease: undefined });
    const at = await this.#swap(next, revision);
    if (at !== undefined && !isHeldOn(next)) this.#lose();
    return at;
  }

  /** Whether there is nothing to do before the next renewal is due. */
  async #renew(): Promise<boolean> {
    if (!this.#held || monotonicMs() - this.#healthyAtMs > unhealthyAfterMs) return true;
    const revision = await this.#swap(renewed(this.#held.lock), this.#held.revision);
    return revision !== undefined || this.#held === undefined;
  }

  async #swap(
    next: LockRecord,
    revision: bigint | undefined,
    also: Also = none,
  ): Promise<bigint | undefined> {
    const { store, keys, fencer, report, signal } = this.#ports;
    const { timing } = next;
    const suspension = createSuspensionWatch();
    const sentAtMs = monotonicMs();
    const result = await store.transact(
      [{ key: keys.lock, modRevision: revision }, ...also.conditions],
      [{ put: keys.lock, value: formatRecord(next) }, ...also.writes],
      // Half of it: an answer that never comes must leave time for more tries before the deadline.
      { timeoutMs: timing.renewMs / 2, signal },
    );
    if (!result.succeeded) {
      this.#adoptOwn(next, result.current[0]);
      return undefined;
    }
    this.#held = { lock: next, revision: result.revision };
    if (!isHeldOn(next)) return result.revision;
    // The machine slept on the answer, or on the echo: the time since the request was sent is not known.
    if (suspension.happened()) return undefined;
    const deadlineMs = deadlineAfter(sentAtMs, timing);
    await fencer.tell({ deadlineMs, offsetMs: suspension.offsetMs }, timing.renewMs);
    if (suspension.happened()) return undefined;
    report({ kind: "lease", lease: { term: next.term, deadlineMs } });
    return result.revision;
  }

  /**
   * An answer that was lost may have been a success: then the store holds the very text that was sent again. What
   * else the store holds of this run, the agent sees and lets this keeper adopt.
   */
  #adoptOwn(mine: LockRecord, current: StoredValue | undefined): void {
    if (isHeldOn(mine) && current?.value === formatRecord(mine)) {
      this.#held = { lock: mine, revision: current.modRevision };
    } else {
      this.#lose();
    }
  }

  #lose(): void {
    this.#held = undefined;
    this.#ports.report({ kind: "lease", lease: undefined });
  }

  async #answer(work: () => Promise<bigint | undefined>): Promise<void> {
    const { report } = this.#ports;
    try {
      const revision = await this.#inTurn(work);
      report({ kind: "done", revision, problem: revision === undefined ? "the lock has changed" : "" });
    } catch (error) {
      report({ kind: "done", revision: undefined, problem: String(error) });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

type Claim = Extract<ToKeeper, { kind: "claim" }>;

interface Also {
  readonly conditions: readonly { readonly key: string; readonly modRevision: bigint | undefined }[];
  readonly writes: readonly Write[];
}

const none: Also = { conditions: [], writes: [] };
