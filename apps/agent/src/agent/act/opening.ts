/** Actions on the way from "PostgreSQL is primary" to "clients may come". */
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import {
  createFirstTenant,
  createInternalRoles,
  reloadSettings,
  setSlots,
  writeProof,
} from "@mainstay/postgres/queries.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { connectLocal } from "../local-client.ts";
import type { Node } from "../node.ts";

/** Begins an own write; it may wait for a standby for any time, and its answer belongs to this run only. */
export function prove(node: Node, term: number): void {
  const run = node.memory.run;
  if (!run || run.isProving) return;
  run.isProving = true;
  write(node, term)
    .then((outcome) => {
      if (outcome.kind === "acknowledged") run.proof = { term, syncStandbys: outcome.syncStandbys };
      else node.log.warn({ reason: outcome.reason }, "the own write proves nothing");
    })
    .catch((error: unknown) => node.log.warn({ err: error }, "the own write failed"))
    .finally(() => {
      run.isProving = false;
      node.wake();
    });
}

async function write(node: Node, term: number) {
  await using client = await connectLocal(node.config, { queryTimeoutMs: 0 });
  return await writeProof(client, term, node.config.nodeId);
}

/** Roles, first tenant and slots are all repeatable: whoever leads next finds or makes them. */
export async function openAccess(node: Node, spec: ClusterSpec, signal: AbortSignal): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs: 10_000 });
  await createInternalRoles(client);
  const { bootstrap } = node.config;
  if (bootstrap && !(await isPrepared(client))) {
    const connect = (database: string) => connectLocal(node.config, { database, queryTimeoutMs: 10_000 });
    await createFirstTenant(client, bootstrap, connect);
    await client.query("comment on schema _mainstay is 'prepared'");
  }
  await setSlots(
    client,
    spec.members.map(({ id }) => id).filter((id) => id !== node.config.nodeId),
  );
  await node.settings.writeAccess("open");
  await reloadSettings(client);
  await untilReloaded(client, signal);
  checkpointSoon(node);
}

type Client = Awaited<ReturnType<typeof connectLocal>>;

/** Once: what the tenants changed afterwards is theirs. */
async function isPrepared(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    "select obj_description('_mainstay'::regnamespace) = 'prepared' as done",
  );
  return rows[0]?.done === true;
}

/** The postmaster reads pg_hba.conf before it notes the time of its reload. */
async function untilReloaded(client: Client, signal: AbortSignal): Promise<void> {
  const look = async () => {
    const { rows } = await client.query(
      "select pg_conf_load_time() >= (pg_stat_file(current_setting('hba_file'))).modification as done",
    );
    return rows[0]?.done ? true : undefined;
  };
  await waitFor(look, { what: "the reload", timeoutMs: 3_000, everyMs: 5, signal });
}

/** A rewind from this node compares timelines of its last checkpoint, so the promotion needs one. */
function checkpointSoon(node: Node): void {
  const checkpoint = async () => {
    await using client = await connectLocal(node.config, { queryTimeoutMs: 0 });
    await client.query("checkpoint");
  };
  checkpoint().catch((error: unknown) => node.log.warn({ err: error }, "the checkpoint failed"));
}
