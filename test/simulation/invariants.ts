/**
 * The safety invariants of docs/spec/ha.md, checked along a whole run by an observer that sees every node's disk
 * and true time.
 */
import type { LockRecord, SwitchoverRequest, SyncRecord } from "@mainstay/domain/cluster.ts";
import { takeMarginMs } from "@mainstay/domain/timing.ts";
import { isEligible } from "@mainstay/ha/claim.ts";
import { isHeldOn } from "@mainstay/ha/lease.ts";
import { isSame } from "@mainstay/ha/primary.ts";
import type { Clock } from "./clock.ts";
import type { WalRecord } from "./sim-data.ts";
import { suspendedTooLongMs } from "./sim-fencer.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode } from "./sim-node.ts";
import type { PostgresEvents, SimPostgres } from "./sim-postgres.ts";
import { contentOf } from "./sim-records.ts";
import type { StoreChange } from "./sim-store.ts";

export type Invariant =
  | "S1"
  | "S2"
  | "S3"
  | "S4"
  | "S5"
  | "S6"
  | "S7"
  | "S8"
  | "S9"
  | "S10"
  | "S11"
  | "S14"
  | "S16"
  | "liveness";

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

interface Acknowledged {
  readonly record: WalRecord;
  readonly position: number;
}

interface CancelledWait extends Acknowledged {
  readonly nodeId: string;
  readonly atMs: number;
}

interface LockChange {
  readonly before: LockRecord | undefined;
  readonly lock: LockRecord;
  /** Before it. */
  readonly sync: SyncRecord | undefined;
  readonly request: SwitchoverRequest | undefined;
  readonly sentAtMs: number;
}

export interface InvariantPorts {
  readonly clock: Clock;
  readonly nodes: () => readonly SimNode[];
  readonly violated: (violation: Violation) => void;
}

export class Invariants implements PostgresEvents {
  /** Without what an operator gave up. */
  acknowledgements: Acknowledged[] = [];
  lastAcknowledgement = { nodeId: "", atMs: Number.NEGATIVE_INFINITY };
  readonly #ports: InvariantPorts;
  readonly #leaders = new Map<number, string>();
  /** True time until which each node may serve, by the renewals that succeeded. */
  readonly #deadlines = new Map<string, number>();
  readonly #primarySince = new Map<SimPostgres, number>();
  /** When each node's newest leadership began. */
  readonly #ledSince = new Map<string, number>();
  readonly #proven = new Map<SimPostgres, number>();
  /** Up to where each server had written when its commits began to wait for a node. */
  readonly #waitsFrom = new Map<SimPostgres, ReadonlyMap<string, number>>();
  #cancelled: CancelledWait[] = [];
  /** Changes of leader. */
  failovers = 0;
  /** The longest time without an acknowledged write of a client since it was last set to 0. */
  longestGapMs = 0;
  #lossAcceptedAtMs = Number.NEGATIVE_INFINITY;
  #lock: LockRecord | undefined;
  #sync: SyncRecord | undefined;

  constructor(ports: InvariantPorts) {
    this.#ports = ports;
  }

  storeChanged({ from, sentAtMs, before, values }: StoreChange): void {
    const { lock: lockBefore } = contentOf(before.get(keys.lock));
    const { lock } = contentOf(values.get(keys.lock));
    const { sync: syncBefore } = contentOf(before.get(keys.sync));
    const { sync } = contentOf(values.get(keys.sync));
    this.#lock = lock;
    this.#sync = sync;
    if (lock && lock !== lockBefore) {
      const { request } = contentOf(before.get(keys.switchover));
      this.#lockChanged({ before: lockBefore, lock, sync: syncBefore, request, sentAtMs });
    }
    if (lock?.holder === from && lock !== lockBefore) this.#extendDeadline(lock, sentAtMs);
    if (sync && sync !== syncBefore) {
      if (sync.term === syncBefore?.term) this.#checkNewMembers(syncBefore, sync);
      for (const acknowledged of this.acknowledgements) this.#checkEligibleHold(acknowledged);
    }
  }

  /** S14: whoever loses its data is not the only one that holds what was acknowledged. */
  destroying(node: SimNode): void {
    const others = this.#ports.nodes().filter((other) => other !== node && isUsable(other));
    const isHeld = others.some(({ disk }) =>
      this.acknowledgements.every(({ record, position }) => disk.data?.holds(record, position)),
    );
    if (!isHeld) this.#violate("S14", `${node.id} gives up its data, and nobody else holds everything`);
  }

  started(server: SimPostgres): void {
    if (server.data.isPoisoned) this.#violate("S10", `${server.nodeId} started what a rewind had left`);
    if (!server.data.isStandby) this.#becamePrimary(server);
  }

  promoting(server: SimPostgres): void {
    if (server.receiver) this.#violate("S5", `${server.nodeId} is promoted while its receiver still runs`);
  }

  promoted(server: SimPostgres): void {
    this.#becamePrimary(server);
  }

  diverged(standby: SimPostgres, upstream: SimPostgres): void {
    this.#violate("S10", `${standby.nodeId} streams from ${upstream.nodeId}, whose history is another`);
  }

  /** S8: commits wait for whom the record names, a write of the term is proven, and the sync set has what recovery found. */
  opened(server: SimPostgres): void {
    const sync = this.#sync;
    if (server.role !== "primary" || sync?.leader !== server.nodeId) return;
    const members = sync.mode === "sync" ? sync.members : [];
    const opens = `${server.nodeId} opens term ${sync.term}`;
    if (!members.every((id) => server.published.includes(id))) {
      this.#violate("S8", `${opens}, but commits wait for [${server.published}]`);
    }
    if (this.#proven.get(server) !== sync.term) this.#violate("S8", `${opens} without a proof`);
  }

  /** S9: "asynchronous" is in the record before commits wait for nobody. */
  published(server: SimPostgres): void {
    this.#noteWaits(server);
    const sync = this.#sync;
    if (server.role !== "primary" || sync?.leader !== server.nodeId || sync.mode !== "sync") return;
    const missing = sync.members.filter((id) => !server.published.includes(id));
    if (missing.length > 0) this.#violate("S9", `${server.nodeId} waits no longer for ${missing}`);
  }

  acknowledged(server: SimPostgres, record: WalRecord, position: number, writtenAtMs: number): void {
    const { nodeId } = server;
    const { nowMs } = this.#ports.clock;
    const acknowledged = { record, position };
    this.#checkDeadline(nodeId);
    if (this.#isGivenUp(server)) return;
    this.#checkEligibleHold(acknowledged);
    this.#checkOnlyPrimary(server, writtenAtMs);
    if (!this.#primarySince.has(server)) this.#beginsToAcknowledge(server);
    if (record.what === "proof") this.#proven.set(server, record.number);
    this.acknowledgements.push(acknowledged);
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastAcknowledgement.atMs);
    this.lastAcknowledgement = { nodeId, atMs: nowMs };
  }

  waitCancelled(server: SimPostgres, record: WalRecord, position: number): void {
    const { nowMs } = this.#ports.clock;
    if (this.#isGivenUp(server) || this.#lock?.holder !== server.nodeId) return;
    this.#cancelled.push({ nodeId: server.nodeId, record, position, atMs: nowMs });
  }

  /**
   * S9: a client was told of a commit that a standby need not have. From when the leader answers for it, it counts as
   * acknowledged; one that does not lead answers for nothing.
   */
  answersForWaits({ id }: SimNode, toMs: number): void {
    if (this.#sync?.leader !== id) return;
    const isKnown = ({ nodeId, atMs }: CancelledWait) => nodeId === id && atMs <= toMs;
    const known = this.#cancelled.filter(isKnown);
    this.#cancelled = this.#cancelled.filter((wait) => !isKnown(wait));
    for (const acknowledged of known) {
      this.#checkEligibleHold(acknowledged);
      this.acknowledgements.push(acknowledged);
    }
  }

  #lockChanged({ before, lock, sync, request, sentAtMs }: LockChange): void {
    const run = `${lock.holder} (${lock.bootId})`;
    const known = this.#leaders.get(lock.term);
    if (known !== undefined && known !== run) {
      this.#violate("S1", `term ${lock.term} is led by ${known} and by ${run}`);
    }
    if (known === undefined) this.#ledSince.set(lock.holder, this.#ports.clock.nowMs);
    this.#leaders.set(lock.term, run);
    if (before && lock.term < before.term) this.#violate("S1", `term ${lock.term} after ${before.term}`);
    if (!before || lock.term === before.term) return;
    if (before.holder !== lock.holder) this.failovers += 1;
    // What the old leader could not record in time is the gap that docs/spec/ha.md tells of.
    this.#cancelled = this.#cancelled.filter(({ nodeId }) => nodeId === lock.holder);
    if (sync && !isEligible(sync, lock.holder)) this.#claimedOutside(lock, request);
    const isStarved = this.#wasStarved(sync, lock.holder, sentAtMs);
    const restMs = (this.#deadlines.get(before.holder) ?? 0) - this.#ports.clock.nowMs;
    if (isHeldOn(before) && !isStarved && before.holder !== lock.holder && restMs > 0) {
      this.#violate(
        "S4",
        `${lock.holder} claims ${Math.round(restMs)} ms before ${before.holder}'s deadline`,
      );
    }
  }

  /** S16: only on an operator's word, who gives up what that node lacks and what the old leader still acknowledges. */
  #claimedOutside({ holder, term }: LockRecord, request: SwitchoverRequest | undefined): void {
    const isAsked = request?.kind === "failover" && request.target === holder;
    const isAccepted = isAsked && request.acceptLoss;
    if (isAccepted) this.#giveUpWhatIsNotOn(holder);
    else this.#violate(isAsked ? "S16" : "S6", `${holder} claims term ${term} outside the sync record`);
  }

  /** With what its node had, whether it acknowledged it before or after. */
  #isGivenUp(server: SimPostgres): boolean {
    return (this.#primarySince.get(server) ?? this.#ports.clock.nowMs) <= this.#lossAcceptedAtMs;
  }

  #giveUpWhatIsNotOn(nodeId: string): void {
    const data = this.#node(nodeId)?.disk.data;
    this.#lossAcceptedAtMs = this.#ports.clock.nowMs;
    this.#cancelled = this.#cancelled.filter((wait) => wait.nodeId === nodeId);
    this.acknowledgements = this.acknowledgements.filter(({ record, position }) =>
      data?.holds(record, position),
    );
  }

  /** The fast path: commits of the old leader waited for this node alone, whose stream was closed when it claimed. */
  #wasStarved(sync: SyncRecord | undefined, nodeId: string, sentAtMs: number): boolean {
    const receiver = this.#node(nodeId)?.server?.receiver;
    const wasStreaming = receiver?.receiver.isStreaming === true && receiver.streamingSinceMs <= sentAtMs;
    return sync?.mode === "sync" && isSame(sync.members, [nodeId]) && !wasStreaming;
  }

  /** A lock that was released ends its holder's time at once. */
  #extendDeadline(lock: LockRecord, sentAtMs: number): void {
    const nodeId = lock.holder;
    const { holdMs } = lock.timing;
    const node = this.#node(nodeId);
    const untilMs = isHeldOn(lock)
      ? sentAtMs + holdMs / (node?.localClock.rate ?? 1)
      : this.#ports.clock.nowMs;
    this.#deadlines.set(nodeId, untilMs);
    const server = node?.server;
    if (server?.role === "primary" && !this.#primarySince.has(server)) this.#becamePrimary(server);
  }

  /**
   * One that was frozen while it started and thaws after its deadline does not count until its lease is renewed, nor
   * does an old leader that starts once more beside a new one and waits for a standby that will not come: their doors
   * are shut, and what they acknowledge is judged when they do.
   */
  #becamePrimary(server: SimPostgres): void {
    const { nodeId, published } = server;
    this.#noteWaits(server);
    if (this.#ports.clock.nowMs >= (this.#deadlines.get(nodeId) ?? 0)) return;
    const leads = this.#lock?.holder === nodeId && isHeldOn(this.#lock);
    if (leads || published.length === 0) this.#beginsToAcknowledge(server);
  }

  /** S6: whoever may acknowledge writes has everything that was acknowledged. */
  #beginsToAcknowledge(server: SimPostgres): void {
    this.#primarySince.set(server, this.#ports.clock.nowMs);
    const lost = this.acknowledgements.filter(({ record, position }) => !server.data.holds(record, position));
    if (lost.length > 0) {
      this.#violate("S6", `${server.nodeId} becomes primary without ${lost.length} acknowledged writes`);
    }
  }

  #noteWaits(server: SimPostgres): void {
    const known = this.#waitsFrom.get(server);
    const positions = server.published.map((id) => [id, known?.get(id) ?? server.data.flushed] as const);
    this.#waitsFrom.set(server, new Map(positions));
  }

  /** S11: whom the record names from now on has what its leader had written when commits began to wait for it. */
  #checkNewMembers(before: SyncRecord, { leader, mode, members }: SyncRecord): void {
    const server = this.#node(leader)?.server;
    if (!server || mode !== "sync") return;
    for (const id of members.filter((member) => !isEligible(before, member))) {
      const { data, intent } = this.#node(id)?.disk ?? {};
      const from = this.#waitsFrom.get(server)?.get(id) ?? server.data.flushed;
      const last = server.data.wal[from - 1];
      const holds = !last || !data || intent || data.holds(last, from);
      if (!holds) this.#violate("S11", `${id} counts before it has what ${leader} had written`);
    }
  }

  /** S7: every node that the record lets lead, and that could start, holds what was acknowledged. */
  #checkEligibleHold({ record, position }: Acknowledged): void {
    const sync = this.#sync;
    if (!sync) return;
    for (const { id, disk } of this.#ports.nodes()) {
      if (!isEligible(sync, id) || !disk.data || disk.intent || disk.data.isPoisoned) continue;
      if (disk.data.holds(record, position)) continue;
      this.#violate("S7", `${id} may lead, but lacks the acknowledged ${record.what} ${record.number}`);
      return;
    }
  }

  /** S2: nobody acknowledges what it wrote after a later primary had begun. */
  #checkOnlyPrimary(server: SimPostgres, writtenAtMs: number): void {
    const sinceMs = this.#primarySince.get(server) ?? this.#ledSince.get(server.nodeId) ?? 0;
    for (const [other, otherSinceMs] of this.#primarySince) {
      if (other.nodeId === server.nodeId || otherSinceMs <= sinceMs || otherSinceMs >= writtenAtMs) continue;
      this.#violate("S2", `${server.nodeId} acknowledges beside the later primary ${other.nodeId}`);
      return;
    }
  }

  /** S3, as far as a fencer runs; without one, S2 and S7 hold by the starved replication alone. */
  #checkDeadline(nodeId: string): void {
    const node = this.#node(nodeId);
    const fencer = node?.supervised?.fencer.process;
    if (!node || !fencer?.isAlive || fencer.isFrozen) return;
    // A short suspension is not noticed.
    const unnoticedMs = Math.min(node.localClock.suspendedMs, suspendedTooLongMs);
    const limitMs = Math.max(this.#deadlines.get(nodeId) ?? 0, node.thawedAtMs) + takeMarginMs + unnoticedMs;
    const lateMs = Math.round(this.#ports.clock.nowMs - limitMs);
    if (lateMs > 0) this.#violate("S3", `${nodeId} acknowledges ${lateMs} ms after its deadline`);
  }

  #node(nodeId: string): SimNode | undefined {
    return this.#ports.nodes().find(({ id }) => id === nodeId);
  }

  #violate(invariant: Invariant, what: string): void {
    this.#ports.violated({ invariant, what });
  }
}

function isUsable({ disk }: SimNode): boolean {
  const { data, intent } = disk;
  return data !== undefined && !data.isPoisoned && !data.isCorrupt && intent === undefined;
}
