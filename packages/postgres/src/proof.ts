/** An own write, which shows for whom a commit has waited. */
import type { ClientBase } from "pg";
import { parseSyncStandbys } from "./quote.ts";

/** unsure: the commit is on this node, but no standby is known to have it. */
export type ProofOutcome =
  | { readonly kind: "acknowledged"; readonly syncStandbys: readonly string[] }
  | { readonly kind: "unsure"; readonly reason: string };

/**
 * Writes and commits like a tenant would: resolves once the standbys that commits wait for have it. `client`: a session
 * that was begun after the setting was reloaded.
 */
export async function writeProof(client: ClientBase, term: number, nodeId: string): Promise<ProofOutcome> {
  // A wait for standbys that was cancelled ends in success with a warning.
  const warnings: string[] = [];
  const onNotice = (notice: { severity?: string | undefined; message?: string | undefined }) => {
    if (notice.severity === "WARNING") warnings.push(notice.message ?? "");
  };
  client.on("notice", onNotice);
  try {
    await client.query("set synchronous_commit = on");
    const before = await syncSetting(client);
    if (before !== "") await untilInForce(client);
    await createProofTable(client);
    await client.query(
      `insert into _mainstay.proof (id, term, node_id, written_at) values (1, $1, $2, clock_timestamp())
       on conflict (id) do update
       set term = excluded.term, node_id = excluded.node_id, written_at = excluded.written_at`,
      [term, nodeId],
    );
    const after = await syncSetting(client);
    if (warnings.length > 0) return { kind: "unsure", reason: warnings.join("; ") };
    if (before !== after) return { kind: "unsure", reason: "synchronous_standby_names changed meanwhile" };
    return { kind: "acknowledged", syncStandbys: parseSyncStandbys(after) };
  } finally {
    client.off("notice", onNotice);
  }
}

/**
 * Whether commits wait at all is for the checkpointer to tell the others, after a reload, and in the middle of a
 * checkpoint it may take long to (SyncRepUpdateSyncStandbysDefined). It takes every reload before it begins another.
 * The postmaster had told it before it forked this session, which has the setting.
 */
async function untilInForce(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ reloaded: boolean }>(
    "select pg_conf_load_time() > pg_postmaster_start_time() as reloaded",
  );
  if (rows[0]?.reloaded) await client.query("checkpoint");
}

async function syncSetting(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ value: string }>(
    "select current_setting('synchronous_standby_names') as value",
  );
  return rows[0]?.value ?? "";
}

async function createProofTable(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    "select to_regclass('_mainstay.proof') is not null as exists",
  );
  if (rows[0]?.exists) return;
  await client.query(`create schema if not exists _mainstay;
    create table if not exists _mainstay.proof (
      id int primary key check (id = 1), term bigint not null, node_id text not null,
      written_at timestamptz not null)`);
}
