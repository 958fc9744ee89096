/** Actions on a running PostgreSQL: whom it follows, that it leads, and for whom its commits wait. */
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import { isSame } from "@mainstay/ha/primary.ts";
import { reloadSettings, startPromotion } from "@mainstay/postgres/queries.ts";
import { type PostgresStatus, readStatus } from "@mainstay/postgres/status.ts";
import { type WaitOptions, waitFor } from "@mainstay/runtime/pause.ts";
import type { LocalClient } from "../local-client.ts";
import type { Node } from "../node.ts";

export async function follow(node: Node, spec: ClusterSpec, upstream: string | undefined): Promise<void> {
  await node.session.use((client) => repoint(node, client, spec, upstream));
}

async function repoint(
  node: Node,
  client: LocalClient,
  spec: ClusterSpec,
  upstream: string | undefined,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys: [], upstream });
  await reloadSettings(client);
}

/** S5: resolves when the WAL receiver has ended, so that nothing is acknowledged to the old primary any more. */
export async function detach(node: Node, spec: ClusterSpec, signal: AbortSignal): Promise<void> {
  const end = { what: "the WAL receiver's end", timeoutMs: 3_000, signal };
  await node.session.use(async (client) => {
    await repoint(node, client, spec, undefined);
    await untilStatus(client, end, (status) => {
      return status.kind === "primary" || (status.upstream === undefined && status.receiver === "stopped");
    });
  });
}

/** The fencer guards, and commits wait for the standbys, before the first write is possible. */
export async function promote(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  await node.session.use(reloadSettings);
  node.tellSupervisor({ kind: "arm" });
  const isArmed = () => node.supervisor().postgres?.as === "primary";
  await waitFor(isArmed, { what: "the fencer's guard", timeoutMs: 5_000, everyMs: 2, signal });
  const end = { what: "the end of recovery", timeoutMs: 10_000, signal };
  await node.session.use(async (client) => {
    await untilSyncSetting(client, syncStandbys, signal);
    await node.disk.noteDataTerm();
    await startPromotion(client);
    await untilStatus(client, end, ({ kind }) => kind === "primary");
  });
}

export async function setSyncStandbys(
  node: Node,
  spec: ClusterSpec,
  syncStandbys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await node.settings.writeSettings(spec, { syncStandbys, upstream: undefined });
  const end = { what: "the new sync setting", timeoutMs: 3_000, signal };
  await node.session.use(async (client) => {
    await reloadSettings(client);
    await untilStatus(client, end, (status) => {
      return status.kind === "primary" && isSame(status.syncStandbys, syncStandbys);
    });
  });
}

async function untilSyncSetting(
  client: LocalClient,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await until({ what: "the sync setting", timeoutMs: 3_000, signal }, async () => {
    const { rows } = await client.query("select current_setting('synchronous_standby_names') as value");
    return wanted.every((nodeId) => String(rows[0]?.value).includes(`"${nodeId}"`));
  });
}

async function untilStatus(
  client: LocalClient,
  wait: WaitOptions,
  isReached: (status: PostgresStatus) => boolean,
): Promise<void> {
  await until(wait, async () => isReached(await readStatus(client)));
}

/** A session sees a reload at its next command, so it need not be a new one. */
async function until(wait: WaitOptions, isReached: () => Promise<boolean>): Promise<void> {
  await waitFor(isReached, { ...wait, everyMs: 5 });
}
