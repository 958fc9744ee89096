/** Streaming replication between two simulated servers: connect, stream, reply, time out. */
import { flushedWal, mayStream, type WalRecord } from "./sim-data.ts";
import type { Network } from "./sim-network.ts";
import type { SimPostgres } from "./sim-postgres.ts";

/** wal_sender_timeout and wal_receiver_timeout. */
export const replicationTimeoutMs = 5_000;
const connectTimeoutMs = 2_000;

/** One connection; each end knows only its own half. */
export class Session {
  readonly standby: SimPostgres;
  readonly upstream: SimPostgres;
  readonly sender = {
    isOpen: false,
    isStreaming: false,
    sent: 0,
    flushed: 0,
    catchUpTo: 0,
    repliedAtMs: 0,
    replies: 0,
  };
  readonly receiver = { isOpen: true, isStreaming: false, heardAtMs: 0 };
  /** True time when the receiver began to stream. */
  streamingSinceMs = Number.POSITIVE_INFINITY;
  readonly #network: Network;

  constructor(standby: SimPostgres, upstream: SimPostgres, network: Network) {
    this.standby = standby;
    this.upstream = upstream;
    this.#network = network;
  }

  connect(): void {
    const { timeline, flushed } = this.standby.data;
    this.receiver.heardAtMs = this.standby.process.nowMs;
    this.#toUpstream(() => this.#accept(timeline, flushed));
    this.standby.process.after(connectTimeoutMs, () => {
      if (!this.receiver.isStreaming) this.closeReceiver();
    });
  }

  /** Sends what the upstream has flushed since. */
  pump(): void {
    const { sender, upstream } = this;
    if (!sender.isOpen || sender.sent >= upstream.data.flushed) return;
    const from = sender.sent;
    const records = upstream.data.wal.slice(from, upstream.data.flushed);
    sender.sent = upstream.data.flushed;
    this.#toStandby(() => this.#receive(from, records));
  }

  /** Once a second, by whichever process still runs. */
  tickSender(): void {
    if (!this.sender.isOpen) return;
    if (this.upstream.process.nowMs - this.sender.repliedAtMs > replicationTimeoutMs) this.closeSender();
    else this.#keepAlive(this.sender.sent);
  }

  tickReceiver(): void {
    if (!this.receiver.isOpen) return;
    if (this.standby.process.nowMs - this.receiver.heardAtMs > replicationTimeoutMs) this.closeReceiver();
    else if (this.receiver.isStreaming) this.#reply();
  }

  closeSender(): void {
    if (!this.sender.isOpen) return;
    this.sender.isOpen = false;
    this.upstream.sessions.delete(this);
    this.#toStandby(() => this.closeReceiver());
  }

  /** What was received is flushed when the receiver ends, and nothing of it is acknowledged any more. */
  closeReceiver(): void {
    this.standby.whenUnstuck(() => this.#endReceiver());
  }

  #endReceiver(): void {
    if (!this.receiver.isOpen) return;
    this.receiver.isOpen = false;
    this.receiver.isStreaming = false;
    this.standby.data.flushed = this.standby.data.wal.length;
    this.standby.receiverEnded(this);
    this.#toUpstream(() => this.closeSender());
  }

  #accept(timeline: number, position: number): void {
    const { upstream, standby } = this;
    if (!upstream.isRunning || upstream.isHung || !mayStream(upstream.data, timeline, position)) {
      this.#toStandby(() => this.closeReceiver());
      return;
    }
    const last = standby.data.wal[position - 1];
    if (position > 0 && upstream.data.wal[position - 1] !== last) upstream.events.diverged(standby, upstream);
    for (const other of upstream.sessions) if (other.standby.nodeId === standby.nodeId) other.closeSender();
    const nowMs = upstream.process.nowMs;
    Object.assign(this.sender, { isOpen: true, sent: position, repliedAtMs: nowMs });
    this.sender.catchUpTo = flushedWal(upstream.data).length;
    upstream.sessions.add(this);
    this.#toStandby(() => {
      if (!this.receiver.isOpen) return;
      this.receiver.isStreaming = true;
      this.streamingSinceMs = this.standby.trueMs;
      this.#hear();
      this.#reply();
    });
    this.pump();
  }

  #receive(from: number, records: readonly WalRecord[]): void {
    const { data } = this.standby;
    if (!this.receiver.isOpen) return;
    if (from !== data.wal.length) {
      this.closeReceiver();
      return;
    }
    this.#hear();
    data.wal.push(...records);
    data.timeline = data.wal.at(-1)?.timeline ?? data.timeline;
    const position = data.wal.length;
    this.standby.flushReceived(position, () => {
      if (this.receiver.isOpen) this.#reply();
    });
  }

  /** Names what was sent before it: a stream with a hole in it is broken. */
  #keepAlive(sent: number): void {
    this.#toStandby(() => {
      if (sent > this.standby.data.wal.length) this.closeReceiver();
      else this.#hear();
    });
  }

  #reply(): void {
    if (this.standby.isStuck) return;
    const { flushed } = this.standby.data;
    this.#toUpstream(() => {
      const { sender } = this;
      if (!sender.isOpen) return;
      sender.repliedAtMs = this.upstream.process.nowMs;
      sender.replies += 1;
      sender.flushed = Math.max(sender.flushed, flushed);
      if (sender.flushed >= sender.catchUpTo) sender.isStreaming = true;
      this.upstream.release();
    });
  }

  #hear(): void {
    this.receiver.heardAtMs = this.standby.process.nowMs;
  }

  #toUpstream(deliver: () => void): void {
    const { standby, upstream } = this;
    this.#network.send(standby.nodeId, upstream.nodeId, upstream.process.inside(deliver));
  }

  #toStandby(deliver: () => void): void {
    const { standby, upstream } = this;
    this.#network.send(upstream.nodeId, standby.nodeId, standby.process.inside(deliver));
  }
}
