/** A real pair behind its endpoint, with clients at work: what faults are tried on. */
import assert from "node:assert/strict";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startBalancer, type TestBalancer } from "../kit/balancer.ts";
import { password } from "../kit/node.ts";
import { type InstanceOptions, startInstance, type TestInstance } from "../kit/nodes.ts";
import { historyProblems } from "./check-history.ts";
import { type Clients, type Connect, connectTo, startClients } from "./clients.ts";
import type { Target } from "./faults.ts";

export interface Pair extends AsyncDisposable {
  readonly instance: TestInstance;
  readonly balancer: TestBalancer;
  readonly clients: Clients;
  /** A session of the tenant through the balancer. */
  readonly endpoint: Connect;
  /** Whom the lock names now; with the store away, whoever comes first. */
  target(): Promise<Target>;
  term(): Promise<number>;
  /** Resolves when writes go on and commits wait for the standby, and have done so for a while. */
  healthy(signal?: AbortSignal): Promise<void>;
  /** Resolves when clients have written some more from now on. */
  writesGoOn(): Promise<void>;
  /** That it is healthy, and that the clients' history breaks no rule. */
  endsHealthy(): Promise<void>;
}

const healthyLimitMs = 90_000;
/** Longer than a lock is believed: the records may be of before the fault. */
const healthyForMs = 2_500;
/** Certificates are checked elsewhere; here only whether a deposed primary acknowledges. */
const ssl = { rejectUnauthorized: false };

export async function startPair(options: InstanceOptions = {}): Promise<Pair> {
  await using parts = new AsyncDisposableStack();
  const instance = parts.use(await startInstance(2, options));
  for (const node of instance.nodes) node.start();
  await instance.served({ isSync: true });
  const balancer = parts.use(await startBalancer(instance));
  const client = { host: balancer.address, port: balancer.port, user: "owner", password, database: "rdb" };
  const endpoint = connectTo(client);
  await waitFor(() => endpoint().then(ended, () => undefined), { what: "the endpoint", timeoutMs: 20_000 });
  const direct = instance.nodes.map(({ address }) =>
    connectTo({ ...client, host: address, port: 5432, ssl }),
  );
  const clients = parts.use(await startClients(endpoint, direct));
  const running = parts.move();
  const healthy = (signal?: AbortSignal) => untilHealthy(instance, clients, signal);
  return {
    instance,
    balancer,
    clients,
    endpoint,
    async target() {
      const holder = (await instance.lock())?.holder;
      const primary = instance.nodes.find(({ id }) => id === holder) ?? instance.nodes[0];
      const standby = instance.nodes.find((node) => node !== primary);
      if (!primary || !standby) throw new Error("BUG: no pair");
      return { instance, balancer, primary, standby };
    },
    term: async () => (await instance.lock())?.term ?? Number.NaN,
    healthy,
    async writesGoOn() {
      const acknowledged = clients.acknowledged();
      const look = () => clients.acknowledged() > acknowledged + 50;
      await waitFor(look, { what: "writes", timeoutMs: 20_000 });
    },
    async endsHealthy() {
      await healthy();
      await clients.readAll();
      assert.deepEqual(historyProblems(clients.history), []);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function ended(client: AsyncDisposable): Promise<true> {
  await client[Symbol.asyncDispose]();
  return true;
}

async function untilHealthy(instance: TestInstance, clients: Clients, signal?: AbortSignal): Promise<void> {
  let since: { term: number; acknowledged: number; atMs: number } | undefined;
  const look = async () => {
    const [lock, sync] = [await instance.lock(), await instance.sync()];
    const isWhole = lock?.phase === "serving" && sync?.mode === "sync" && sync.leader === lock.holder;
    if (!isWhole) since = undefined;
    else if (since?.term !== lock.term) {
      since = { term: lock.term, acknowledged: clients.acknowledged(), atMs: performance.now() };
    }
    if (!since || performance.now() - since.atMs < healthyForMs) return undefined;
    return clients.acknowledged() > since.acknowledged + 20;
  };
  const options = { what: "healthy pair", timeoutMs: healthyLimitMs, everyMs: 100 };
  await waitFor(look, signal ? { ...options, signal } : options);
}
