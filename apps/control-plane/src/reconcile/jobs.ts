/**
 * Durable jobs: at most one run per instance is at work and one more is queued, over all replicas. A job says
 * only "look at this instance again"; what there is to do is in the tables. A killed replica's job is given to
 * another after its heartbeat is missed.
 */
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { fromKysely, PgBoss } from "pg-boss";
import type { ObservedInstances } from "../observed/observed-instances.ts";
import type { Database, DatabaseSettings } from "../store/database.ts";
import { readyInstances, unsettledInstanceIds } from "../store/instances.ts";

const queue = "reconcile-instance";
const sweepEveryMs = 1_000;
const parallelRuns = 8;

export interface Jobs extends AsyncDisposable {
  /** Inside a transaction: the job exists exactly when the change does. */
  wake(trx: Database, instanceId: string): Promise<void>;
}

interface JobsOptions {
  readonly settings: DatabaseSettings;
  readonly db: Database;
  readonly observed: ObservedInstances;
  readonly run: (instanceId: string, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export async function startJobs({ settings, db, observed, run, log, signal }: JobsOptions): Promise<Jobs> {
  const boss = new PgBoss({
    host: settings.socketDir,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    schema: "jobs",
    application_name: "mainstay-jobs",
    max: 5,
    connectionTimeoutMillis: 5_000,
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
  });
  boss.on("error", (error) => log.error({ err: error }, "jobs failed"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => boss.stop({ graceful: true, timeout: 5_000 }));
  await boss.start();
  const options = { policy: "stately", notify: true, heartbeatSeconds: 10, deleteAfterSeconds: 600 } as const;
  await boss.createQueue(queue, { ...options, retryLimit: 2, retryDelay: 0 });
  const stopped = new AbortController();
  const ends = AbortSignal.any([signal, stopped.signal]);
  const work = {
    batchSize: 1,
    localConcurrency: parallelRuns,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 1,
  };
  await boss.work<{ instanceId: string }>(queue, work, async (jobs) => {
    for (const { data } of jobs) await run(data.instanceId, ends);
  });
  const send = (instanceId: string, trx?: Database) => {
    const transaction = trx && { db: fromKysely(trx) };
    return boss.send(queue, { instanceId }, { singletonKey: instanceId, ...transaction });
  };
  const sweep = async () => {
    const troubled = (await readyInstances(db)).filter((record) => observed.health(record).trouble);
    const ids = [...(await unsettledInstanceIds(db)), ...troubled.map(({ instance }) => instance.id)];
    for (const id of new Set(ids)) await send(id);
  };
  const sweeping = runLoop({ name: "sweep", pass: sweep, everyMs: sweepEveryMs, log, signal: ends });
  parts.defer(async () => {
    stopped.abort();
    await sweeping;
  });
  const running = parts.move();
  return {
    async wake(trx, instanceId) {
      await send(instanceId, trx);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
