/** A data directory: the WAL as a list of records. Two directories hold the same record when it is the same object. */

export interface WalRecord {
  readonly timeline: number;
  readonly what: "write" | "proof" | "checkpoint" | "promotion";
  /** Of what was written: the number of a client's write, or the term that a proof names. */
  readonly number: number;
}

export class DataDirectory {
  readonly systemId: string;
  wal: WalRecord[];
  /** So many records survive a crash. */
  flushed: number;
  timeline: number;
  isStandby: boolean;
  isClean: boolean;
  /** What came before was recycled. */
  keptFrom: number;
  /** No server gets through its recovery. */
  isCorrupt = false;
  /** A rewind was interrupted: whoever starts this has lost. */
  isPoisoned = false;

  constructor(systemId: string, wal: readonly WalRecord[], isStandby: boolean) {
    this.systemId = systemId;
    this.wal = [...wal];
    this.flushed = wal.length;
    this.keptFrom = wal.length;
    this.timeline = wal.at(-1)?.timeline ?? 1;
    this.isStandby = isStandby;
    this.isClean = true;
  }

  append(what: WalRecord["what"], number: number): number {
    return this.wal.push({ timeline: this.timeline, what, number });
  }

  crash(): void {
    this.wal.length = this.flushed;
    this.timeline = this.wal.at(-1)?.timeline ?? 1;
    this.isClean = false;
  }

  holds(record: WalRecord, position: number): boolean {
    return position <= this.flushed && this.wal[position - 1] === record;
  }
}

/** What a server holds that others may copy: what it has flushed. */
export function flushedWal({ wal, flushed }: DataDirectory): readonly WalRecord[] {
  return wal.slice(0, flushed);
}

/**
 * PostgreSQL's own test whether a standby may stream from here: it knows only timeline numbers and where they
 * ended, not whether two timelines of one number are the same.
 */
export function mayStream(source: DataDirectory, timeline: number, position: number): boolean {
  if (timeline > source.timeline || position < source.keptFrom) return false;
  if (timeline === source.timeline) return position <= source.flushed;
  if (!hasTimeline(source, timeline)) return false;
  return position <= endOfTimeline(source, timeline);
}

/** How many records the two share: a rewind keeps these. */
export function commonLength(one: DataDirectory, other: DataDirectory): number {
  const most = Math.min(one.flushed, other.flushed);
  let [least, limit] = [0, most];
  // Histories share a prefix and nothing after it.
  while (least < limit) {
    const middle = (least + limit + 1) >> 1;
    if (one.wal[middle - 1] === other.wal[middle - 1]) least = middle;
    else limit = middle - 1;
  }
  return least;
}

function hasTimeline({ wal, timeline }: DataDirectory, wanted: number): boolean {
  return wanted === timeline || wal.some((record) => record.timeline === wanted);
}

function endOfTimeline({ wal }: DataDirectory, timeline: number): number {
  const next = wal.findIndex((record) => record.timeline > timeline);
  return next < 0 ? wal.length : next;
}

export function toPosition(records: number): bigint {
  return BigInt(records) * 100n;
}
