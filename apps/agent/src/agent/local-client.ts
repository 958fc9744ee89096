/** Sessions of this node's own PostgreSQL: the superuser over the unix socket, by peer authentication. */
import { superuser } from "@mainstay/postgres/init-database.ts";
import pg from "pg";

export type LocalClient = pg.Client & AsyncDisposable;

export interface LocalServer {
  readonly runtimeDir: string;
  readonly port: number;
}

export interface LocalOptions {
  readonly database?: string;
  /** 0: a query may take any time. */
  readonly queryTimeoutMs: number;
}

export async function connectLocal(
  { runtimeDir, port }: LocalServer,
  { database = "postgres", queryTimeoutMs }: LocalOptions,
): Promise<LocalClient> {
  const client = new pg.Client({
    host: runtimeDir,
    port,
    database,
    user: superuser,
    application_name: "mainstay-agent",
    connectionTimeoutMillis: 1_000,
    ...(queryTimeoutMs > 0 && { query_timeout: queryTimeoutMs }),
  });
  client.on("error", () => {}); // the next query says it
  await client.connect();
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await client.end().catch(() => {});
    },
  });
}
