/** From the first start on, whoever holds a certificate reaches only its own part of the store. */
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { StoreAccess } from "@mainstay/dcs/access.ts";
import { accessEnforcedKey } from "@mainstay/dcs/keys.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import type { Database } from "./store/database.ts";
import { listNodeIds } from "./store/nodes.ts";

const everyMs = 1_000;

export interface EnforcePorts {
  readonly db: Database;
  readonly store: Store;
  readonly access: StoreAccess;
  readonly log: Log;
}

/**
 * Tries until it is done, once for the installation: every change of rights delays the calls that are on their way.
 * An installation that was made before there were rights has nodes already, which must not be locked out.
 */
export async function enforceAccess(
  { db, store, access, log }: EnforcePorts,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const options = () => ({ timeoutMs: 10_000, signal });
  async function pass(): Promise<void> {
    if ((await store.get(accessEnforcedKey, options())) === undefined) {
      const nodes = await listNodeIds(db);
      for (const [instanceId, rows] of Map.groupBy(nodes, ({ instance_id }) => instance_id)) {
        await access.allowNodes(
          instanceId,
          rows.map(({ id }) => id),
          options(),
        );
      }
      await access.enforce(options());
      await store.transact([], [{ put: accessEnforcedKey, value: "enforced" }], options());
      log.info({ nodes: nodes.length }, "the store's rights are enforced");
    }
    done.abort();
  }
  await runLoop({ name: "access", pass, everyMs, log, signal: AbortSignal.any([signal, done.signal]) });
}
