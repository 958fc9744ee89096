/** The settings that are a tenant's to choose, in the wire's units. Pure. */
import type { Parameter } from "./parameters.ts";

export interface OfferedSetting {
  readonly name: string;
  readonly type: "BOOLEAN" | "INT" | "FLOAT" | "STRING";
  readonly default: string;
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly pattern: string | null;
  readonly description: string;
  readonly isHot: boolean;
}

/** How one is offered; type, description and outer bounds are the engine's. */
interface Offer {
  /** What holds unless the plan or the tenant says otherwise, in the wire's unit. */
  readonly default: string | ((major: number) => string);
  /** Narrower than the engine's. */
  readonly min?: number;
  readonly max?: number;
  /** PostgreSQL's own unit, and the wire's if that is another. */
  readonly unit?: Unit;
  readonly wireUnit?: Unit;
  readonly pattern?: string;
}

const bytesOf = { B: 1, kB: 1024, "8kB": 8 * 1024, MB: 1024 ** 2 };
type Unit = keyof typeof bytesOf | "ms" | "s";

const asMegabytes = { unit: "kB", wireUnit: "MB" } as const;
const anyTimezone = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$";

/**
 * Not here: whatever failing over, the size of volumes, access or TLS depends on (WAL, keepalives, conflicts of
 * standbys, temporary files), and settings of extensions that are not loaded.
 */
export const offers: Readonly<Record<string, Offer>> = {
  autovacuum_vacuum_insert_scale_factor: { default: "0.2", min: 0.1 },
  autovacuum_vacuum_insert_threshold: { default: "1000" },
  autovacuum_vacuum_scale_factor: { default: "0.2", min: 0.1 },
  autovacuum_vacuum_threshold: { default: "50", min: 50 },
  bgwriter_delay: { default: "200", unit: "ms" },
  bgwriter_flush_after: { default: "512", unit: "8kB", wireUnit: "kB" },
  bgwriter_lru_maxpages: { default: "100" },
  bgwriter_lru_multiplier: { default: "2" },
  checkpoint_timeout: { default: "300", max: 21_600, unit: "s" },
  commit_delay: { default: "0" },
  deadlock_timeout: { default: "1000", min: 100, max: 60_000, unit: "ms" },
  default_statistics_target: { default: "100" },
  default_transaction_deferrable: { default: "off" },
  effective_cache_size: { default: "4096", min: 64, max: 1_048_576, unit: "8kB", wireUnit: "MB" },
  effective_io_concurrency: { default: (major) => (major >= 18 ? "16" : "1"), min: 1 },
  hot_standby_feedback: { default: "off" },
  idle_in_transaction_session_timeout: { default: "0", unit: "ms" },
  lock_timeout: { default: "0", unit: "ms" },
  log_autovacuum_min_duration: { default: (major) => (major >= 15 ? "600000" : "-1"), unit: "ms" },
  log_checkpoints: { default: "on" },
  log_lock_waits: { default: "on" },
  log_min_duration_statement: { default: "5000", unit: "ms" },
  log_replication_commands: { default: "off" },
  log_temp_files: { default: "-1", unit: "kB" },
  maintenance_work_mem: { default: "64", ...asMegabytes },
  max_connections: { default: "100", min: 50, max: 10_000 },
  max_locks_per_transaction: { default: "64" },
  max_parallel_workers: { default: "8" },
  max_parallel_workers_per_gather: { default: "2" },
  random_page_cost: { default: "4", min: 0.1, max: 10 },
  seq_page_cost: { default: "1", min: 0.1, max: 10 },
  statement_timeout: { default: "0", unit: "ms" },
  temp_buffers: { default: "8192", unit: "8kB", wireUnit: "kB" },
  timezone: { default: "UTC", pattern: anyTimezone },
  track_activity_query_size: { default: "1024", max: 8_192, unit: "B" },
  track_commit_timestamp: { default: "off" },
  vacuum_cost_delay: { default: "0", unit: "ms" },
  vacuum_cost_limit: { default: "200" },
  vacuum_cost_page_dirty: { default: "20" },
  vacuum_cost_page_hit: { default: "1" },
  vacuum_cost_page_miss: { default: (major) => (major >= 14 ? "2" : "10") },
  work_mem: { default: "4", ...asMegabytes },
};

/** Of those, the ones that the engine of that version has. */
export function offeredSettings(parameters: readonly Parameter[], major: number): OfferedSetting[] {
  const known = new Map(parameters.map((parameter) => [parameter.name.toLowerCase(), parameter]));
  return Object.entries(offers).flatMap(([name, offer]) => {
    const parameter = known.get(name);
    return parameter ? [toOffered(name, offer, parameter, major)] : [];
  });
}

const wireTypes = {
  BOOLEAN: "BOOLEAN",
  INTEGER: "INT",
  REAL: "FLOAT",
  STRING: "STRING",
  ENUM: "STRING",
} as const;
const int32 = 2 ** 31 - 1;

function toOffered(name: string, offer: Offer, parameter: Parameter, major: number): OfferedSetting {
  const type = wireTypes[parameter.type];
  const factor = wireFactor(offer);
  const isNumber = type === "INT" || type === "FLOAT";
  const least = Math.max(scaled(parameter.min, factor, Math.ceil) ?? -int32, offer.min ?? -int32);
  const most = Math.min(scaled(parameter.max, factor, Math.floor) ?? int32, offer.max ?? int32);
  return {
    name,
    type,
    default: typeof offer.default === "string" ? offer.default : offer.default(major),
    unit: offer.wireUnit ?? offer.unit ?? null,
    min: isNumber ? least : null,
    max: isNumber ? most : null,
    pattern: offer.pattern ?? null,
    description: parameter.description,
    isHot: parameter.context !== "postmaster",
  };
}

/** What a number in PostgreSQL's unit is multiplied with to be one in the wire's. */
export function wireFactor({ unit, wireUnit }: Offer): number {
  return wireUnit === undefined ? 1 : sizeOf(unit) / sizeOf(wireUnit);
}

function sizeOf(unit: Unit | undefined): number {
  if (unit === undefined || unit === "ms" || unit === "s") throw new Error("BUG: only sizes have two units");
  return bytesOf[unit];
}

/** -1 is "off" in any unit. */
function scaled(value: number | undefined, factor: number, round: (value: number) => number) {
  if (value === undefined || value < 0 || factor === 1) return value;
  return round(value * factor);
}
