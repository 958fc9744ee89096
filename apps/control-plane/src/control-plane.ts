/** One replica of the control plane; any number may run over the same database and store. */
import type { Authority } from "@mainstay/certificates/authority.ts";
import type { Compute } from "@mainstay/compute/compute.ts";
import type { StoreAccess } from "@mainstay/dcs/access.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { enforceAccess } from "./enforce-access.ts";
import { collectEvents } from "./events/collect-events.ts";
import { createServer } from "./http/server.ts";
import { observeInstances, type Sleeper } from "./observed/observed-instances.ts";
import type { Probe } from "./reconcile/instance/probe.ts";
import { reconcileInstance } from "./reconcile/instance/reconcile.ts";
import { startJobs } from "./reconcile/jobs.ts";
import { withdrawRequests } from "./requests/withdraw-requests.ts";
import { ensureApiKey, type InitialApiKey } from "./store/api-keys.ts";
import { type DatabaseSettings, openDatabase } from "./store/database.ts";
import type { PortRange } from "./store/endpoints.ts";
import { migrate } from "./store/migrate.ts";

export interface ControlPlaneOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly database: DatabaseSettings;
  readonly region: string;
  readonly endpointPorts: PortRange;
  readonly initialApiKey: InitialApiKey;
  readonly storeAddress: NodeConfig["store"];
  /** A node that stays lost for this long is replaced. */
  readonly replaceAfterMs: number;
  /** A request for another leader that stands for this long is withdrawn; a minute unless given. */
  readonly requestLifeMs?: number;
}

export interface ControlPlanePorts {
  readonly store: Store;
  readonly access: StoreAccess;
  readonly compute: Compute;
  readonly authority: Authority;
  readonly probe: Probe;
  readonly log: Log;
}

export interface ControlPlane extends AsyncDisposable {
  readonly url: string;
}

export async function startControlPlane(
  options: ControlPlaneOptions,
  ports: ControlPlanePorts,
): Promise<ControlPlane> {
  const { store, access, compute, authority, log } = ports;
  const { replaceAfterMs, requestLifeMs = 60_000 } = options;
  await using parts = new AsyncDisposableStack();
  const db = openDatabase(options.database, (err) => log.warn({ err }, "a database connection was lost"));
  parts.defer(() => db.destroy());
  await migrate(db);
  await ensureApiKey(db, options.initialApiKey);
  const ended = new AbortController();
  const sleepers = new Set<Sleeper>();
  const observed = observeInstances({ store, compute, sleepers, log }, replaceAfterMs, ended.signal);
  const collecting = collectEvents({ db, store, log }, ended.signal);
  const enforcing = enforceAccess({ db, store, access, log }, ended.signal);
  const withdrawing = withdrawRequests({ store, observed, log }, requestLifeMs, ended.signal);
  parts.defer(async () => {
    ended.abort();
    await Promise.all([observed.ended, collecting, enforcing, withdrawing]);
  });
  const { storeAddress } = options;
  const reconcilePorts = { ...ports, db, sleepers, storeAddress, observed, replaceAfterMs };
  const run = (id: string, signal: AbortSignal) => reconcileInstance(id, reconcilePorts, signal);
  const { signal } = ended;
  const jobs = parts.use(await startJobs({ settings: options.database, db, observed, run, log, signal }));
  const { region, endpointPorts } = options;
  const platform = { db, jobs, compute, store, observed, caPem: authority.caPem, region, endpointPorts };
  const server = await createServer(platform, log);
  parts.defer(() => server.close());
  const url = await server.listen({ host: options.listen.address, port: options.listen.port });
  log.info({ url }, "listening");
  const running = parts.move();
  return { url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
