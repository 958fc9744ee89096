import { parseWalPosition, type WalPosition } from "@mainstay/domain/wal-position.ts";
import type { ClientBase } from "pg";
import { upstreamOf } from "./conninfo.ts";
import { parseSyncStandbys, slotOwner } from "./quote.ts";
import { accessSetting } from "./render-access.ts";

export type PostgresStatus = PrimaryStatus | StandbyStatus;

export interface PrimaryStatus {
  readonly kind: "primary";
  readonly systemId: string;
  readonly timeline: number;
  readonly flushPosition: WalPosition;
  /** As this session sees synchronous_standby_names. */
  readonly syncStandbys: readonly string[];
  /** What pg_hba.conf holds; it is in force after a reload. */
  readonly access: "open" | "closed";
  readonly standbys: readonly StandbyConnection[];
  /** Node ids that have a physical replication slot here. */
  readonly slots: readonly string[];
  /** What markPrepared left. */
  readonly preparedMark: string;
}

export interface StandbyConnection {
  readonly nodeId: string;
  readonly isStreaming: boolean;
  readonly flushPosition: WalPosition;
  /** Of its latest reply, by its wall clock: another value is another reply. */
  readonly replyStamp: string;
}

export interface StandbyStatus {
  readonly kind: "standby";
  readonly systemId: string;
  readonly timeline: number;
  readonly flushPosition: WalPosition;
  readonly replayPosition: WalPosition;
  readonly upstream: string | undefined;
  readonly receiver: "streaming" | "connecting" | "stopped";
  /** False while replay is paused. */
  readonly isPromotable: boolean;
}

/** Asks the server behind `client` (superuser, unix socket) what it is doing. The client brings the time limit. */
export async function readStatus(client: ClientBase): Promise<PostgresStatus> {
  const { rows } = await client.query<{ standby: boolean }>("select pg_is_in_recovery() as standby");
  if (!rows[0]?.standby) return readPrimary(client);
  try {
    return await readStandby(client);
  } catch (error) {
    // A promotion ended between the two questions. No standby can come back out of it.
    if (!isOutOfRecovery(error)) throw error;
    return readPrimary(client);
  }
}

/** 55000, "recovery is not in progress": what a standby is asked has no answer any more. */
function isOutOfRecovery(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "55000";
}

interface PrimaryRow {
  readonly system_id: string;
  readonly timeline: string;
  readonly flush: string;
  readonly sync: string;
  readonly access: string | null;
  readonly slots: readonly string[];
  readonly mark: string;
}

// pg_control's timeline lags behind a promotion until the next checkpoint; the WAL file's name does not.
const primaryQuery = `
  select (select system_identifier::text from pg_control_system()) as system_id,
    substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline,
    pg_current_wal_flush_lsn()::text as flush,
    current_setting('synchronous_standby_names') as sync,
    current_setting('${accessSetting}', true) as access,
    array(select slot_name::text from pg_replication_slots
      where slot_type = 'physical' and not temporary and slot_name ~ '^pg_[0-9a-f]{8}_[0-9]+$') as slots,
    coalesce(obj_description(to_regnamespace('_mainstay'), 'pg_namespace'), '') as mark`;

async function readPrimary(client: ClientBase): Promise<PrimaryStatus> {
  const row = onlyRow((await client.query<PrimaryRow>(primaryQuery)).rows);
  return {
    kind: "primary",
    systemId: row.system_id,
    timeline: Number.parseInt(row.timeline, 16),
    flushPosition: parseWalPosition(row.flush),
    syncStandbys: parseSyncStandbys(row.sync),
    access: row.access === "open" ? "open" : "closed",
    standbys: await readStandbys(client),
    slots: row.slots.map(slotOwner),
    preparedMark: row.mark,
  };
}

interface ConnectionRow {
  readonly node_id: string;
  readonly state: string;
  readonly flush: string | null;
  readonly stamp: string | null;
}

// A broken connection may linger beside its successor: the newest counts.
const standbysQuery = `
  select distinct on (application_name) application_name as node_id, state, flush_lsn::text as flush,
    reply_time::text as stamp
  from pg_stat_replication
  where usename = '_rdb_replication' and state <> 'backup' and application_name ~ '^pg-[0-9a-f]+-[0-9]+$'
  order by application_name, backend_start desc`;

async function readStandbys(client: ClientBase): Promise<StandbyConnection[]> {
  const { rows } = await client.query<ConnectionRow>(standbysQuery);
  return rows.map((row) => ({
    nodeId: row.node_id,
    isStreaming: row.state === "streaming",
    flushPosition: row.flush === null ? 0n : parseWalPosition(row.flush),
    replyStamp: row.stamp ?? "",
  }));
}

interface StandbyRow {
  readonly system_id: string;
  readonly timeline: number;
  readonly flush: string;
  readonly replay: string;
  readonly conninfo: string;
  readonly receiver: string | null;
  readonly is_paused: boolean;
}

// A receiver is "streaming" from its start; one that still waits for an answer to its request is not, nor is one that
// has just begun and written nothing: where the WAL that it asks for is gone, each lives for some milliseconds (F27). Its
// age is by the wall clock, which may have jumped back since.
// Positions are null before the first record; greatest() passes over nulls.
const standbyQuery = `
  select (select system_identifier::text from pg_control_system()) as system_id,
    greatest((select timeline_id from pg_control_checkpoint()),
      (select min_recovery_end_timeline from pg_control_recovery()),
      (select received_tli from pg_stat_wal_receiver)) as timeline,
    greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), '0/0')::text as flush,
    greatest(pg_last_wal_replay_lsn(), '0/0')::text as replay,
    current_setting('primary_conninfo') as conninfo,
    (select case when wait_event like 'LibPQWalReceiver%'
        or written_lsn is null and backend_start between clock_timestamp() - interval '500 ms' and clock_timestamp()
      then 'starting' else status end
      from pg_stat_wal_receiver left join pg_stat_activity using (pid)) as receiver,
    pg_is_wal_replay_paused() as is_paused`;

async function readStandby(client: ClientBase): Promise<StandbyStatus> {
  const row = onlyRow((await client.query<StandbyRow>(standbyQuery)).rows);
  return {
    kind: "standby",
    systemId: row.system_id,
    timeline: row.timeline,
    flushPosition: parseWalPosition(row.flush),
    replayPosition: parseWalPosition(row.replay),
    upstream: upstreamOf(row.conninfo),
    receiver: row.receiver === null ? "stopped" : row.receiver === "streaming" ? "streaming" : "connecting",
    isPromotable: !row.is_paused,
  };
}

function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error("BUG: a query of one row returned none");
  return row;
}
