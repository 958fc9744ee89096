/** Actions on the way from "PostgreSQL is primary" to "clients may come". */
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { writeProof } from "@mainstay/postgres/proof.ts";
import {
  createFirstTenant,
  createInternalRoles,
  markPrepared,
  preparedMark,
  readPreparedMark,
  reloadSettings,
  setSlots,
} from "@mainstay/postgres/queries.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { connectLocal, type LocalClient } from "../local-client.ts";
import type { Node } from "../node.ts";
import { checkpointSoon } from "./checkpoint.ts";

/** Begins an own write; it may wait for a standby for any time, and its answer belongs to this run only. */
export function prove(node: Node, term: number): void {
  const run = node.memory.run;
  if (!run || run.isProving) return;
  run.isProving = true;
  const { syncStandbys } = run;
  write(node, term)
    .then((outcome) => {
      const isStill = run.syncStandbys === syncStandbys; // the very list: no other was seen meanwhile
      if (outcome.kind === "acknowledged" && isStill)
        run.proof = { term, syncStandbys: outcome.syncStandbys };
      else if (outcome.kind === "unsure")
        node.log.warn({ reason: outcome.reason }, "the own write proves nothing");
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

const queryTimeoutMs = 10_000;

/** The platform's roles, and once the first tenant: what the tenants changed afterwards is theirs. Repeatable. */
export async function prepare(node: Node): Promise<void> {
  const { bootstrap } = node.config;
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  const mark = await readPreparedMark(client);
  if (mark === preparedMark) return;
  await createInternalRoles(client);
  if (bootstrap && mark === "") {
    const connect = (database: string) => connectLocal(node.config, { database, queryTimeoutMs });
    await createFirstTenant(client, bootstrap, connect);
  }
  await markPrepared(client);
}

export async function setMemberSlots(node: Node, nodeIds: readonly string[]): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs });
  await setSlots(client, nodeIds);
}

export async function openAccess(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if ((await node.session.use(readPreparedMark)) !== preparedMark) await prepare(node);
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  await node.settings.writeAccess("open");
  await node.session.use(async (client) => {
    await reloadSettings(client);
    await untilReloaded(client, signal);
  });
  checkpointSoon(node);
}

/** The postmaster reads pg_hba.conf before it notes the time of its reload. */
async function untilReloaded(client: LocalClient, signal: AbortSignal): Promise<void> {
  const look = async () => {
    const { rows } = await client.query(
      "select pg_conf_load_time() >= (pg_stat_file(current_setting('hba_file'))).modification as done",
    );
    return rows[0]?.done === true;
  };
  await waitFor(look, { what: "the reload", timeoutMs: 3_000, everyMs: 5, signal });
}
