/** What agents, balancer and control plane share about one instance through the store (etcd). */
import type { Timing } from "./timing.ts";
import type { WalPosition } from "./wal-position.ts";

/** `pg-<first 8 hex digits of the instance id>-<ordinal>`; also the application_name of its replication. */
export type NodeId = string;

export interface Member {
  readonly id: NodeId;
  readonly address: string;
  readonly port: number;
}

/** available: serves on alone when the standby is lost. strict: commits wait until a standby has them. */
export type Durability = "available" | "strict";

/** Where a node's supervisor accepts connections and says nothing: refused means that the node is down. */
export function livenessPort({ port }: Pick<Member, "port">): number {
  return port + 1;
}

/** Where a node's agent takes the clients' requests to cancel a statement, and refuses those that a commit must not see. */
export function cancelPort({ port }: Pick<Member, "port">): number {
  return port + 2;
}

/** Desired: written by the control plane. Agents and balancer refuse an older generation. */
export interface ClusterSpec {
  readonly generation: number;
  readonly instanceId: string;
  readonly members: readonly Member[];
  /** The member that initialises a new instance. Without effect once a sync record exists. */
  readonly bootstrapNode: NodeId;
  readonly durability: Durability;
  /** Of the terms that are claimed from now on. */
  readonly timing: Timing;
}

/** Where the balancer listens for an instance, and who may connect. Written by the control plane. */
export interface EndpointSpec {
  readonly generation: number;
  readonly endpointId: string;
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  /** IPv4 CIDRs that may connect; none: nobody. */
  readonly allowedRanges: readonly string[];
}

/**
 * The lock of an instance: its holder is the leader.
 * claimed: not writable yet · opening: writable and shut to clients, others may copy from it · serving: clients
 * may be routed to it · released: any eligible node may claim at once · stopped: shut down on purpose together with
 * the platform, only the holder resumes it soon.
 */
export interface LockRecord {
  readonly term: number;
  readonly holder: NodeId;
  /** One run of the holder's supervisor: a new run never renews an old run's lock. */
  readonly bootId: string;
  readonly phase: "claimed" | "opening" | "serving" | "released" | "stopped";
  /** Of this term, whatever the specification says by now: S4 needs one timing for the holder and its challengers. */
  readonly timing: Timing;
  readonly seq: number;
}

/**
 * Who may hold acknowledged commits; it over-approximates (S7). Eligible to lead: `leader`, and with mode
 * "sync" every member (each acknowledged commit is on the leader and on all members).
 */
export interface SyncRecord {
  readonly term: number;
  readonly leader: NodeId;
  readonly mode: "sync" | "async";
  readonly members: readonly NodeId[];
  /** PostgreSQL's system identifier; null until the instance first opened. Only then may it be initialised. */
  readonly systemId: string | null;
  /** When leaders were replaced by choice lately (RFC 3339, wall clock): the budget of F48. */
  readonly takeovers: readonly string[];
  /**
   * The last term whose leader was made though it might lack acknowledged commits (S16); 0: none. Its history is
   * another than that of whoever led before, and PostgreSQL may give both the same timeline.
   */
  readonly lossTerm: number;
}

/** Observed: what a node's agent says about itself, with the wall-clock time of the observation. */
export interface NodeStatus {
  readonly nodeId: NodeId;
  readonly observedAt: string;
  readonly role: "primary" | "standby" | "none";
  /** What its PostgreSQL is doing, from PostgresState.kind of packages/ha. */
  readonly state: string;
  readonly reason: string;
  readonly term: number;
  readonly timeline: number;
  readonly systemId: string | null;
  readonly flushPosition: WalPosition | null;
  readonly isStreaming: boolean;
  /** Why it must not take over although it may hold everything; null: nothing. */
  readonly impediment: string | null;
  readonly pids: NodePids;
}

export interface NodePids {
  readonly supervisor: number | null;
  readonly agent: number | null;
  readonly fencer: number | null;
  readonly postmaster: number | null;
}

/**
 * A change of leader asked for by an operator through the control plane; whoever acts on it deletes the key.
 * switchover: the leader hands over in order. failover: the target takes over however the leader fares.
 */
export interface SwitchoverRequest {
  readonly id: string;
  /** The term it was asked in: in another one, somebody else has led since and nobody carries it out. */
  readonly term: number;
  readonly kind: "switchover" | "failover";
  readonly target: NodeId;
  readonly reason: string;
  /** S16: the target may lead although it may lack acknowledged commits. */
  readonly acceptLoss: boolean;
}
