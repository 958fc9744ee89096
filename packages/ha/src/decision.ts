/** What a node does next, and why. One action a pass; the loop looks again when it is done. */
import type { LockRecord, NodeId, SyncRecord } from "@mainstay/domain/cluster.ts";

export type Decision = Action & { readonly reason: string };

export type Action =
  | { readonly action: "wait" }
  /**
   * One transaction: if the lock is unchanged since `lockRevision` (undefined: absent) and the sync record since
   * `syncRevision`, put both; with a `requestRevision` (S16) only while that request stands. On success the lease begins and the keeper renews it; the term is fsynced to disk
   * when the lock is seen, before anything is done in it. A claim that never arrived leaves no trace.
   */
  | {
      readonly action: "claim";
      readonly lock: LockRecord;
      readonly sync: SyncRecord;
      readonly lockRevision: bigint | undefined;
      readonly syncRevision: bigint | undefined;
      readonly requestRevision: bigint | undefined;
    }
  /**
   * Puts the own lock into another phase, guarded by its revision (through the keeper). released: what still runs of
   * PostgreSQL is killed before, and its end not awaited.
   */
  | { readonly action: "set-phase"; readonly phase: "opening" | "serving" | "released" | "stopped" }
  /** Writes the sync record, in one transaction guarded by its revision. */
  | { readonly action: "record-sync"; readonly sync: SyncRecord; readonly syncRevision: bigint }
  /** initdb into a new directory, renamed in when complete; then a start as primary, tenants kept out. */
  | { readonly action: "initialise" }
  /** Stops PostgreSQL if it runs, then a base backup into a new directory, renamed in when complete; then a start as standby. */
  | { readonly action: "clone"; readonly from: NodeId }
  /** Stops PostgreSQL if it runs, then pg_rewind under an intent, then a start as standby. */
  | { readonly action: "rewind"; readonly from: NodeId }
  /** Starts with tenants kept out. As primary: with `syncStandbys` from the very start. */
  | { readonly action: "start-primary"; readonly syncStandbys: readonly NodeId[] }
  | { readonly action: "start-standby"; readonly upstream: NodeId | undefined }
  /** Repoints a running standby by reload. */
  | { readonly action: "follow"; readonly upstream: NodeId }
  /** Clears primary_conninfo and waits until the WAL receiver has exited (S5: it acknowledges nothing any more). */
  | { readonly action: "detach" }
  /** Promotes with `syncStandbys` already in force and tenants kept out. */
  | { readonly action: "promote"; readonly syncStandbys: readonly NodeId[] }
  | { readonly action: "set-sync-standbys"; readonly syncStandbys: readonly NodeId[] }
  /** Begins an own write and returns; its acknowledgement shows in PrimaryPostgres.proof. Never cancelled (F34). */
  | { readonly action: "prove"; readonly term: number }
  /** Creates the platform's roles and, on a new instance, the admin user and the database `rdb` (repeatable). */
  | { readonly action: "prepare" }
  /** Leaves exactly the replication slots of `nodeIds`. */
  | { readonly action: "set-slots"; readonly nodeIds: readonly NodeId[] }
  /**
   * Lets tenants in, after preparing. Its reload would put into force whatever an earlier agent left in the settings,
   * so they are written too, with the standbys that the proof waited for.
   */
  | { readonly action: "open-access"; readonly syncStandbys: readonly NodeId[] }
  /** Kills the whole PostgreSQL process tree at once. */
  | { readonly action: "fence" }
  /** Fast shutdown with a bound, then fence. isPlanned: writes a checkpoint before it, so that it is short. */
  | { readonly action: "stop"; readonly isPlanned: boolean }
  | { readonly action: "drop-request"; readonly requestId: string };
