/** What the supervisor, its agent and its fencer tell each other over their IPC channels. */

/** How the supervisor was asked to end; "none" while it was not. */
export type Shutdown = "none" | "in-place" | "hand-over";

export interface RunningPostgres {
  readonly pid: number;
  /** primary: it may take writes, or is about to be promoted. */
  readonly as: "primary" | "standby";
  /** Monotonic clock. */
  readonly startedAtMs: number;
}

export interface SupervisorState {
  readonly bootId: string;
  readonly shutdown: Shutdown;
  readonly postgres: RunningPostgres | null;
  /** Grows with every end of PostgreSQL. */
  readonly exits: number;
  /** Its newest end. */
  readonly ended: PostgresEnd | null;
  /** The fencer's newest kill of a PostgreSQL that might write. */
  readonly fenced: Fenced | null;
  readonly pids: { readonly supervisor: number; readonly fencer: number | null };
}

/** By the wall clock. */
export interface PostgresEnd {
  readonly at: string;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Fenced {
  readonly at: string;
  readonly reason: string;
  readonly tookMs: number;
}

export type ToSupervisor =
  | { readonly kind: "start"; readonly as: "primary" | "standby" }
  /** A standby is about to be promoted: from now on the fencer guards it. Answered by the state. */
  | { readonly kind: "arm" }
  /** PostgreSQL is down for the shutdown; the supervisor may end. */
  | { readonly kind: "done" };

export interface ToAgent {
  readonly kind: "state";
  readonly state: SupervisorState;
}

/** Until when PostgreSQL may write, unless the machine was suspended since it was worked out. */
export interface Deadline {
  readonly deadlineMs: number;
  /** Of the suspension watch that began before the deadline did. */
  readonly offsetMs: number;
}

export interface ToFencer {
  readonly kind: "guard";
  readonly mayWrite: boolean;
  /** Of an earlier fencer of this supervisor. */
  readonly deadline: Deadline | undefined;
}

export type FromFencer =
  /** The newest deadline; the next fencer begins with it. */
  | { readonly kind: "deadline"; readonly deadline: Deadline }
  /** It has taken over the guard as told last. */
  | { readonly kind: "guarding"; readonly mayWrite: boolean }
  | ({ readonly kind: "fenced" } & Fenced);
