/** What the clients of a chaos run saw. Times are of one monotonic clock, in milliseconds. */

/** indeterminate: the answer was lost, so the commit may be there or not. */
export type Outcome = "acknowledged" | "indeterminate" | "failed";

export interface Write {
  readonly kind: "append" | "transfer";
  readonly id: number;
  readonly outcome: Outcome;
  readonly endedMs: number;
  /** Which primary took it; undefined when it did not say. */
  readonly by: Primary | undefined;
}

/** A promotion begins a timeline, so one timeline is one node's leadership (or several in a row). */
export interface Primary {
  readonly timeline: number;
  readonly address: string;
}

export interface Read {
  readonly startedMs: number;
  /** The sum of all accounts. */
  readonly total: number;
  /** Of the appended ids, all that are not below `fromId`. */
  readonly fromId: number;
  readonly found: ReadonlySet<number>;
}

export interface History {
  readonly writes: readonly Write[];
  readonly reads: readonly Read[];
  /** What all accounts hold together. */
  readonly total: number;
}
