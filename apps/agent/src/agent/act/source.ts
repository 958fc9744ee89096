/** Questions to another member's PostgreSQL, asked with this node's certificate. */
import { replicationRole, type Upstream } from "@mainstay/postgres/conninfo.ts";
import { type History, historyFile, parseTimelineHistory } from "@mainstay/postgres/timeline-history.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { readPemFiles } from "@mainstay/runtime/pem-files.ts";
import pg from "pg";

// pg_rewind reads the source's timeline from its control file, which lags until the first checkpoint after a
// promotion; the name of the current WAL file does not.
const isCheckpointed = `
  select (select timeline_id from pg_control_checkpoint())
    = ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as ready`;

/** Resolves when a rewind from `upstream` would compare the right timelines; rejects after 30 s. */
export async function checkpointed(upstream: Upstream, signal: AbortSignal): Promise<void> {
  const client = await connectTo(upstream);
  try {
    const look = async () => (await client.query(isCheckpointed)).rows[0]?.ready === true;
    await waitFor(look, { what: "the new primary's checkpoint", timeoutMs: 30_000, everyMs: 50, signal });
  } finally {
    await client.end().catch(() => {});
  }
}

/** The timeline that `upstream` is on now, and those before it. */
export async function historyOf(upstream: Upstream): Promise<History> {
  const client = await connectTo(upstream);
  try {
    const { rows } = await client.query<{ name: string }>(
      "select substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as name",
    );
    const timeline = Number.parseInt(rows[0]?.name ?? "", 16);
    if (timeline === 1) return { timeline, past: [] };
    const path = `pg_wal/${historyFile(timeline)}`;
    const found = await client.query<{ file: Buffer }>("select pg_read_binary_file($1) as file", [path]);
    return { timeline, past: parseTimelineHistory(found.rows[0]?.file.toString() ?? "") };
  } finally {
    await client.end().catch(() => {});
  }
}

async function connectTo({ nodeId, address, port, tls }: Upstream): Promise<pg.Client> {
  const { ca, certificate: cert, key } = await readPemFiles(tls);
  const client = new pg.Client({
    host: address,
    port,
    user: replicationRole,
    database: "postgres",
    connectionTimeoutMillis: 3_000,
    query_timeout: 3_000,
    ssl: { ca, cert, key, servername: nodeId },
  });
  client.on("error", () => {}); // the next query says it
  await client.connect();
  return client;
}
