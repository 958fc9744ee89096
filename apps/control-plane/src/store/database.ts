import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Tables } from "./schema.ts";

export type Database = Kysely<Tables>;

export interface DatabaseSettings {
  readonly socketDir: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Calls end within seconds even when the server hangs; a lost idle connection is only worth a new one. */
export function openDatabase(settings: DatabaseSettings, onLost: (error: Error) => void): Database {
  const pool = new pg.Pool({
    host: settings.socketDir,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    max: 10,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  pool.on("error", onLost);
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
