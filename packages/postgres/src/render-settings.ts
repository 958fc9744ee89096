import { type ClientTlsFiles, renderConninfo, type Upstream } from "./conninfo.ts";
import { sizeSettings } from "./plan-settings.ts";
import { quoteSetting, renderSyncStandbys, slotName } from "./quote.ts";

export interface SettingsInput {
  readonly nodeId: string;
  readonly address: string;
  readonly port: number;
  readonly runtimeDir: string;
  readonly engineMajor: number;
  readonly memoryBytes: number;
  readonly volumeBytes: number;
  readonly vcpus: number;
  readonly maxConnections: number;
  /** Commits wait for every one of them. */
  readonly syncStandbys: readonly string[];
  /** Whom a standby follows; its client certificate comes with it. */
  readonly upstream?: Upstream;
  /** The server's own: absolute paths. */
  readonly tls: ClientTlsFiles;
  readonly hbaFile: string;
  readonly identFile: string;
  readonly accessFile: string;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

/** The whole postgresql.conf of a node. Pure. */
export function renderSettings(input: SettingsInput): string {
  const settings: Settings = {
    ...connectionSettings(input),
    ...sizeSettings(input),
    ...replicationSettings(input),
    ...logSettings(input),
    ...versionSettings(input.engineMajor),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`);
  lines.push(`include_if_exists = ${quoteSetting(input.accessFile)}`);
  return `# Rendered by Mainstay; changes are overwritten.\n${lines.join("\n")}\n`;
}

function connectionSettings(input: SettingsInput): Settings {
  return {
    cluster_name: input.nodeId,
    listen_addresses: input.address,
    port: input.port,
    unix_socket_directories: input.runtimeDir,
    unix_socket_permissions: "0700",
    hba_file: input.hbaFile,
    ident_file: input.identFile,
    external_pid_file: "",
    max_connections: input.maxConnections,
    superuser_reserved_connections: 5,
    password_encryption: "scram-sha-256",
    ssl: true,
    ssl_min_protocol_version: "TLSv1.2",
    ssl_ca_file: input.tls.ca,
    ssl_cert_file: input.tls.certificate,
    ssl_key_file: input.tls.key,
    authentication_timeout: "10s",
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
    tcp_user_timeout: "5s",
    client_connection_check_interval: "1s",
    // The agent decides what follows a crash.
    restart_after_crash: false,
  };
}

function replicationSettings(input: SettingsInput): Settings {
  return {
    wal_level: "replica",
    wal_log_hints: true,
    fsync: true,
    full_page_writes: true,
    synchronous_commit: "on",
    synchronous_standby_names: renderSyncStandbys(input.syncStandbys),
    max_wal_senders: 10,
    max_replication_slots: 10,
    wal_keep_size: "128MB",
    wal_sender_timeout: "5s",
    wal_receiver_timeout: "5s",
    wal_receiver_status_interval: "1s",
    // Its default of 5 s is what a standby waits after a failed connection attempt.
    wal_retrieve_retry_interval: "100ms",
    hot_standby: true,
    max_standby_streaming_delay: "5s",
    max_standby_archive_delay: "5s",
    recovery_min_apply_delay: 0,
    recovery_target_timeline: "latest",
    primary_conninfo: input.upstream ? renderConninfo(input.upstream, { applicationName: input.nodeId }) : "",
    primary_slot_name: input.upstream ? slotName(input.nodeId) : "",
  };
}

/** To stderr: its supervisor's file, which that limits. */
function logSettings({ nodeId }: SettingsInput): Settings {
  return {
    log_destination: "stderr",
    logging_collector: false,
    log_line_prefix: `%m [%p] ${nodeId} %q%u@%d `,
    log_timezone: "UTC",
    timezone: "UTC",
    log_checkpoints: true,
    log_lock_waits: true,
    log_min_duration_statement: "5s",
    // Statements may hold secrets, and be long.
    log_statement: "none",
    log_min_error_statement: "panic",
    lc_messages: "C",
  };
}

function versionSettings(engineMajor: number): Settings {
  return {
    ...(engineMajor >= 15 ? { log_startup_progress_interval: "1s", recovery_prefetch: "try" } : {}),
    ...(engineMajor >= 17 ? { allow_alter_system: false } : {}),
  };
}
