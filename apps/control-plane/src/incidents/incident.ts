/** One trouble of an instance, put together from its events. */

/**
 * failover: another node leads, unasked or by force · switchover: another node leads, handed over in order ·
 * restart: the same node leads on, in a new term or with its PostgreSQL started again within
 * one · standby-loss: the leader went on without its standby · blocked-commits: it did not, and commits waited for it.
 */
export type IncidentKind = "failover" | "switchover" | "restart" | "standby-loss" | "blocked-commits";

export interface Incident {
  /** Of the event that decided. */
  readonly id: string;
  readonly kind: IncidentKind;
  /** Somebody asked for it, or stopped a node or the platform in order. */
  readonly isPlanned: boolean;
  readonly term: number;
  /** Who led before, and who leads after; without a change of leader: who leads, and nobody. */
  readonly before: string;
  readonly after: string | null;
  /** The first sign. */
  readonly cause: Sign;
  readonly decision: Sign;
  readonly phases: readonly Phase[];
  /** See docs/spec/events.md; null: it cannot be told, or is not over. */
  readonly writeGapMs: number | null;
  readonly sessionsCut: number;
  /** What the old primary had and nobody else; null: nothing was told (yet). */
  readonly discarded: Discarded | null;
  /** Since when as many nodes as wanted hold every commit again; null: not yet, or the next incident came first. */
  readonly recoveredAt: string | null;
}

export interface Sign {
  readonly at: string;
  readonly source: string;
  readonly reason: string;
}

/** From the end of the phase before it. */
export interface Phase {
  readonly name:
    | "detected"
    | "claimed"
    | "promoted"
    | "joined"
    | "proven"
    | "opened"
    | "routed"
    | "released"
    | "resumed";
  readonly tookMs: number;
}

/** null: could not be read. */
export interface Discarded {
  readonly bytes: number | null;
  readonly transactions: number | null;
  readonly acknowledged: number | null;
  /** The bytes are those that the new leader was known to lack when losses were accepted: nobody read the data. */
  readonly isEstimate: boolean;
}
