/**
 * Everything a node knows when it decides. All times are milliseconds of one monotonic clock of this node that
 * also counts suspended time. Built by the agent in production and by the simulator in tests.
 */
import type {
  ClusterSpec,
  LockRecord,
  NodeId,
  NodeStatus,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";
import type { WalPosition } from "@mainstay/domain/wal-position.ts";

export interface Observation {
  readonly nowMs: number;
  /** The wall clock, for the budget alone: no deadline depends on it. */
  readonly wallMs: number;
  readonly self: NodeId;
  /** One run of this node's supervisor. */
  readonly bootId: string;
  readonly spec: ClusterSpec | undefined;
  readonly lock: SeenLock;
  readonly sync: SeenSync;
  /** Until when this node may serve as leader of `term`: its own evidence, never another node's word. */
  readonly lease: { readonly term: number; readonly deadlineMs: number } | undefined;
  readonly postgres: PostgresState;
  /** Written before a destructive step; while it is there the data directory is poison (S10). */
  readonly intent: "clone" | "rewind" | undefined;
  /** The highest term this node obeyed, from its disk (S1). */
  readonly highestTerm: number;
  /** The term in which its data directory was last promoted, or copied from the leader; 0: none since its first. */
  readonly dataTerm: number;
  readonly peers: readonly SeenPeer[];
  readonly links: readonly PeerLink[];
  readonly volume: VolumeState;
  /** A client was told of a commit whose wait was cancelled, and no standby was seen to have it since (F34). */
  readonly isUncovered: boolean;
  readonly request: SeenRequest | undefined;
  /** in-place: the whole platform stops, keep the lock. hand-over: only this node stops. */
  readonly shutdown: "none" | "in-place" | "hand-over";
}

export type SeenLock =
  | { readonly kind: "unknown" }
  | { readonly kind: "free" }
  | {
      readonly kind: "held";
      readonly record: LockRecord;
      readonly revision: bigint;
      /** Since this node first observed this revision. */
      readonly unchangedForMs: number;
      /** Since this node first observed this term in this phase. */
      readonly phaseForMs: number;
    };

export type SeenSync =
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | {
      readonly kind: "recorded";
      readonly record: SyncRecord;
      readonly revision: bigint;
      /** This node wrote this revision itself, has the answer, and sent nothing since that might change it. */
      readonly isSettled: boolean;
    };

export type SeenRequest = SwitchoverRequest & { readonly revision: bigint };

export interface SeenPeer {
  readonly status: NodeStatus;
  /** Since this node observed the status. */
  readonly ageMs: number;
}

/**
 * The connection to another member's supervisor. refused: it ended, and both the supervisor's and PostgreSQL's port
 * refused connections, twice, 50 ms apart. Silence is never "refused".
 */
export interface PeerLink {
  readonly nodeId: NodeId;
  readonly state: "open" | "refused" | "unknown";
}

/** full: hardly any room is left. stalled: a small synchronous write has not come back for a while. */
export type VolumeState = "usable" | "full" | "stalled";

export type PostgresState =
  | { readonly kind: "absent" }
  | StoppedPostgres
  | { readonly kind: "starting"; readonly as: "primary" | "standby"; readonly forMs: number }
  | PrimaryPostgres
  | StandbyPostgres
  /** The process is there, but no new connection was answered for a while. */
  | { readonly kind: "hung"; readonly as: "primary" | "standby"; readonly forMs: number };

export interface StoppedPostgres {
  readonly kind: "stopped";
  readonly systemId: string;
  readonly timeline: number;
  /** It would start as a standby (standby.signal is there). */
  readonly isStandby: boolean;
  /** Its last run ended with a shutdown checkpoint. */
  readonly isClean: boolean;
  /** Starts of this data directory that failed in a row. */
  readonly failedStarts: number;
  /** Since it was first seen stopped. */
  readonly forMs: number;
}

export interface PrimaryPostgres {
  readonly kind: "primary";
  readonly systemId: string;
  readonly timeline: number;
  /** How long this run has been what it is. */
  readonly forMs: number;
  readonly flushPosition: WalPosition;
  /** Where recovery ended when this run began as a primary; 0 after a clean start or a promotion. */
  readonly recoveryEnd: WalPosition;
  /** synchronous_standby_names in force: the standbys commits wait for. */
  readonly syncStandbys: readonly NodeId[];
  /** The flush position noted when syncStandbys was last set. */
  readonly syncSince: WalPosition;
  /** open: pg_hba.conf admits tenants. */
  readonly access: "open" | "closed";
  readonly standbys: readonly AttachedStandby[];
  /** The members that have a replication slot here. */
  readonly slots: readonly NodeId[];
  /** The platform's roles, the first user and the first database are there. */
  readonly isPrepared: boolean;
  /** The newest own write that was acknowledged: under which term and which syncStandbys. */
  readonly proof: { readonly term: number; readonly syncStandbys: readonly NodeId[] } | undefined;
  readonly isProving: boolean;
}

/** Another member of the instance, as the primary sees it; there is one for each, attached or not. */
export interface AttachedStandby {
  readonly nodeId: NodeId;
  /** 0 while it streams. */
  readonly notStreamingForMs: number;
  readonly flushPosition: WalPosition;
  /** Since its last reply arrived. */
  readonly replyAgeMs: number;
}

export interface StandbyPostgres {
  readonly kind: "standby";
  readonly systemId: string;
  readonly timeline: number;
  /** How long this run has been what it is. */
  readonly forMs: number;
  readonly flushPosition: WalPosition;
  readonly replayPosition: WalPosition;
  /** Whom primary_conninfo names; undefined when it was cleared. */
  readonly upstream: NodeId | undefined;
  readonly receiver: "streaming" | "connecting" | "stopped";
  /** 0 while the receiver streams. */
  readonly notStreamingForMs: number;
  /** Since it streamed last, a rewind found nothing to take back: that is not what keeps it from streaming. */
  readonly isRewindInVain: boolean;
  /** False while replay is paused: promotion would fail or hang (S11). */
  readonly isPromotable: boolean;
}
