/** What happened to an instance, told by whoever decided or saw it: the lines of its timeline. */

/**
 * decision: what a node decided, when it differs from the decision before · postgres: PostgreSQL's process ended, or a
 * commit's wait was cancelled ·
 * fence: the fencer killed PostgreSQL · lock: the own lease was lost · stream: replication broke or came back ·
 * commits: they wait for a standby that receives nothing, or are acknowledged again ·
 * rewind: what a returning primary has that nobody else has · process: an agent began · route: what the balancer
 * did · status: a step of the control plane.
 */
export const eventKinds = [
  "decision",
  "postgres",
  "fence",
  "lock",
  "stream",
  "commits",
  "rewind",
  "process",
  "route",
  "status",
] as const;
export type EventKind = (typeof eventKinds)[number];

/** What mattered when it happened. Flat; WAL positions in PostgreSQL's text form; null: could not be told. */
export type EventInputs = Readonly<Record<string, string | number | boolean | null>>;

export interface InstanceEvent extends EventOutcome {
  /** Unique within the instance, made by its source: written twice, it is one event. */
  readonly id: string;
  /** RFC 3339, by the wall clock of its source. */
  readonly at: string;
  /** A node's id, "balancer" or "control-plane". */
  readonly source: string;
  readonly kind: EventKind;
  readonly action: string;
  readonly reason: string;
  /** The newest term its source knew; 0 before the first. */
  readonly term: number;
  readonly inputs: EventInputs;
}

/** How the action of an event ended. Neither field: it needs no time, is at work, or its source ended first. */
export interface EventOutcome {
  readonly tookMs?: number;
  /** Why it failed. */
  readonly failure?: string;
}

export type NewEvent = Omit<InstanceEvent, "id" | "at" | "source"> & {
  /** Only for what more than one process would report. */
  readonly id?: string;
  /** Now, unless given. */
  readonly at?: string;
};
