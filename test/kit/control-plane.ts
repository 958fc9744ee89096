/** A control plane over real PostgreSQL, with the agents played by the test. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { createMemoryCompute } from "@mainstay/compute/memory/memory-compute.ts";
import { startControlPlane } from "@mainstay/control-plane/control-plane.ts";
import type { Probe } from "@mainstay/control-plane/reconcile/instance/probe.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { createMemoryAccess } from "@mainstay/dcs/memory-access.ts";
import { createMemoryStore, type MemoryStore } from "@mainstay/dcs/memory-store.ts";
import { formatNodeStatus, parseSpec } from "@mainstay/dcs/records.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { createClient } from "@scaleway/sdk-client";
import { Rdbv1 } from "@scaleway/sdk-rdb";
import pg from "pg";
import { startPostgres } from "./postgres-server.ts";

const limits = () => ({ timeoutMs: 2_000, signal: AbortSignal.timeout(2_000) });

export async function startTestPlatform(replicas = 1, replaceAfterMs = 30_000, requestLifeMs = 60_000) {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startPostgres());
  const dir = await mkdtemp(join(tmpdir(), "mainstay-ca-"));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const store = parts.use(createMemoryStore());
  const access = parts.use(createMemoryAccess());
  const compute = createMemoryCompute(3, [15, 16, 17]);
  const authority = await createAuthority(dir);
  const log = createTestLog();
  const key = { accessKey: "SCWTESTTESTTESTTEST0", secretKey: randomUUID() };
  const organizationId = randomUUID();
  const projectId = randomUUID();
  const probed: number[] = [];
  const probe: Probe = async ({ port }) => probed.push(port) > 0;
  const secretHash = createHash("sha256").update(key.secretKey).digest("hex");
  const options = {
    listen: { address: "127.0.0.1", port: 0 },
    database: postgres.settings,
    region: "fr-par",
    endpointPorts: { address: "127.0.0.1", firstPort: 20_000, lastPort: 20_009 },
    initialApiKey: { accessKey: key.accessKey, secretHash, organizationId, projectId },
    storeAddress: { endpoints: ["https://127.0.0.1:2379"], serverName: "etcd.mainstay.internal" },
    replaceAfterMs,
    requestLifeMs,
  };
  const starts = Array.from({ length: replicas }, () =>
    startControlPlane(options, { store, access, compute, authority, probe, log }),
  );
  const planes = (await Promise.all(starts)).map((plane) => parts.use(plane));
  const urls = planes.map(({ url }) => url);
  const { socketDir: host, port, user, database } = postgres.settings;
  const db = new pg.Pool({ host, port, user, database, max: 2 });
  db.on("error", () => {});
  parts.defer(() => db.end());
  const api = (replica = 0) => rdbAt(urls[replica] ?? "", key, projectId);
  const running = parts.move();
  const restart = () => startControlPlane(options, { store, access, compute, authority, probe, log });
  return {
    ...{ store, access, compute, db, log, key, projectId, urls, planes, probed, api, restart },
    database: postgres.settings,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function rdbAt(
  apiURL: string,
  key: { accessKey: string; secretKey: string },
  defaultProjectId: string,
) {
  return new Rdbv1.API(createClient({ apiURL, ...key, defaultProjectId, defaultRegion: "fr-par" }));
}

/** Plays the agents of an instance: the first node leads, a second one follows synchronously. */
export async function serve(store: MemoryStore, instanceId: string): Promise<boolean> {
  const keys = instanceKeys(instanceId);
  const found = await store.get(keys.spec, limits());
  if (!found) return false;
  const ids = parseSpec(found.value).members.map(({ id }) => id);
  const [leader = "", ...members] = ids;
  const mode = members.length > 0 ? ("sync" as const) : ("async" as const);
  const lock = {
    term: 1,
    holder: leader,
    bootId: "b",
    phase: "serving" as const,
    timing: timingPresets.fast,
    seq: 1,
  };
  const sync = { term: 1, leader, mode, members, systemId: "7", takeovers: [], lossTerm: 0 };
  const statuses = ids.map((nodeId) => ({
    put: keys.node(nodeId),
    value: formatNodeStatus({
      nodeId,
      observedAt: new Date().toISOString(),
      role: nodeId === leader ? "primary" : "standby",
      state: "running",
      reason: "plays along",
      term: 1,
      timeline: 1,
      systemId: "7",
      flushPosition: null,
      isStreaming: nodeId !== leader,
      impediment: null,
      pids: { supervisor: 1, agent: 2, fencer: 3, postmaster: 4 },
    }),
  }));
  const records = [
    { put: keys.lock, value: formatRecord(lock) },
    { put: keys.sync, value: formatRecord(sync) },
  ];
  await store.transact([], [...records, ...statuses], limits());
  return true;
}

interface TestLog extends Log {
  readonly lines: string[];
}

function createTestLog(): TestLog {
  const lines: string[] = [];
  const add = (fields: object, message: string) =>
    void lines.push(
      `${message} ${JSON.stringify(fields, (_key, value) => (value instanceof Error ? value.stack : value))}`,
    );
  const log: TestLog = { lines, debug: add, info: add, warn: add, error: add, child: () => log };
  return log;
}
