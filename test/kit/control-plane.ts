/** The control plane over real PostgreSQL, with hosts and store in memory: played-agents.ts has the agents. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { createMemoryCompute } from "@mainstay/compute/memory/memory-compute.ts";
import { startControlPlane } from "@mainstay/control-plane/control-plane.ts";
import type { Probe } from "@mainstay/control-plane/reconcile/instance/probe.ts";
import { createMemoryAccess } from "@mainstay/dcs/memory-access.ts";
import { createMemoryStore } from "@mainstay/dcs/memory-store.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { createClient } from "@scaleway/sdk-client";
import { Rdbv1 } from "@scaleway/sdk-rdb";
import pg from "pg";
import { password } from "./node.ts";
import { startPostgres } from "./postgres-server.ts";

/** What the SDK asks for: a highly available instance of the oldest version that its hosts have. */
export const wantedInstance = {
  ...{ name: "orders", engine: "PostgreSQL-15", nodeType: "DB-DEV-S", isHaCluster: true },
  ...{ userName: "shop", password, disableBackup: false, backupSameRegion: false },
  ...{ volumeSize: 0, volumeType: "lssd" as const },
};

export interface ControlPlaneChoices {
  readonly replicas?: number;
  readonly replaceAfterMs?: number;
  readonly requestLifeMs?: number;
}

export type TestControlPlane = Awaited<ReturnType<typeof startTestControlPlane>>;

export async function startTestControlPlane({
  replicas = 1,
  replaceAfterMs = 30_000,
  requestLifeMs = 60_000,
}: ControlPlaneChoices = {}) {
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
  const probe: Probe = async ({ port }) => {
    probed.push(port);
    return "answered";
  };
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
  /** What the SDK has no method for, or would not let through. */
  const call = async (method: string, path: string, body?: object, replica = 0) => {
    const headers = { "x-auth-token": key.secretKey, ...(body && { "content-type": "application/json" }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${urls[replica]}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  const running = parts.move();
  const restart = () => startControlPlane(options, { store, access, compute, authority, probe, log });
  return {
    ...{ store, access, compute, db, log, key, projectId, urls, planes, probed, api, call, restart },
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
