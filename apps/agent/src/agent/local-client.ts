/** Sessions of this node's own PostgreSQL: the superuser over the unix socket, by peer authentication. */
import { connect as connectTo } from "node:net";
import { join } from "node:path";
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

/**
 * Where every connection is taken, the reserved ones too, as a WAL sender, for which there are places of their own:
 * then it takes no statement with parameters.
 */
export async function connectLocal(server: LocalServer, options: LocalOptions): Promise<LocalClient> {
  try {
    return await connect(server, options);
  } catch (error) {
    if (!isTooManyConnections(error)) throw error;
    return connect(server, options, { replication: "database" });
  }
}

export function isTooManyConnections(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "53300";
}

/** What a client sends first that wants TLS (PostgreSQL: NEGOTIATE_SSL_CODE). */
const tlsRequest = Buffer.from("0000000804d2162f", "hex");
/** TLS is for TCP only. Also the answer of a server that has no place for another session. */
const noTls = "N".charCodeAt(0);

/**
 * Rejects unless the postmaster forks a process that answers within the time. That costs a fraction of a session,
 * and no line in the log.
 */
export function askPostmaster({ runtimeDir, port }: LocalServer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(join(runtimeDir, `.s.PGSQL.${port}`), () => socket.write(tlsRequest));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the postmaster does not answer")));
    socket.once("data", ([answer]: Buffer) => {
      if (answer === noTls) resolve();
      socket.destroy();
    });
  });
}

async function connect(
  { runtimeDir, port }: LocalServer,
  { database = "postgres", queryTimeoutMs }: LocalOptions,
  more: { replication?: "database" } = {},
): Promise<LocalClient> {
  const client = new pg.Client({
    host: runtimeDir,
    port,
    database,
    user: superuser,
    application_name: "mainstay-agent",
    connectionTimeoutMillis: 1_000,
    ...(queryTimeoutMs > 0 && { query_timeout: queryTimeoutMs }),
    ...more,
  });
  client.on("error", () => {}); // the next query says it
  await client.connect();
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await client.end().catch(() => {});
    },
  });
}
