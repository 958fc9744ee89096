/** A whole platform on a fresh directory, driven by the command line as a person would. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";
import { createClient } from "@scaleway/sdk-client";
import { Rdbv1 } from "@scaleway/sdk-rdb";
import { endedWhenCutShort } from "./cut-short.ts";
import { freePort } from "./etcd.ts";
import { password } from "./node.ts";
import { openSession, type Session } from "./session.ts";

const cli = join(import.meta.dirname, "../../apps/cli/src/main.ts");

export interface TestPlatform extends AsyncDisposable {
  readonly dir: string;
  readonly listen: string;
  /** Runs one command to its end; its standard output. */
  command(...args: string[]): Promise<string>;
  /** The unmodified SDK, configured by connection.env. */
  sdk(): Promise<Rdbv1.API>;
  /** Asks for an instance of the newest PostgreSQL and the smallest plan; it is not ready yet. */
  create(name: string, isHaCluster: boolean): Promise<Rdbv1.Instance>;
  createReady(name: string, isHaCluster: boolean): Promise<Rdbv1.Instance>;
  statusOf(instance: Rdbv1.Instance): Promise<string>;
  nodes(name: string): Promise<PlatformNode[]>;
}

/** As `node list` says. */
export interface PlatformNode {
  readonly id: string;
  readonly role: string;
  readonly sync: boolean;
  readonly host: string;
  readonly zone: string;
  readonly address: string;
}

export async function newPlatform(): Promise<TestPlatform> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-e2e-")));
  await chmod(dir, 0o755);
  const listen = `127.0.0.1:${await freePort("127.0.0.1")}`;
  const command = async (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? "", HOME: dir };
    const all = [cli, ...args, "--dir", dir];
    return (await run(process.execPath, all, { cwd: "/", env, timeoutMs: 180_000 })).stdout;
  };
  const sdk = () => openSdk(dir);
  const create = async (name: string, isHaCluster: boolean) => createInstance(await sdk(), name, isHaCluster);
  return endedWhenCutShort({
    dir,
    listen,
    command,
    sdk,
    create,
    async createReady(name, isHaCluster) {
      const { id } = await create(name, isHaCluster);
      const polling = { minDelay: 1, maxDelay: 1 };
      const instance = await (await sdk()).waitForInstance({ instanceId: id }, polling);
      assert.equal(instance.status, "ready");
      return instance;
    },
    statusOf: async ({ id }) => (await (await sdk()).getInstance({ instanceId: id })).status,
    nodes: async (name) => JSON.parse(await command("node", "list", name, "--json")),
    async [Symbol.asyncDispose]() {
      await command("down", "--purge").catch(() => {});
      await rm(dir, { recursive: true, force: true });
    },
  });
}

/** As the user that was made with the instance, through its endpoint. */
export function connectTo(instance: Rdbv1.Instance): Promise<Session> {
  const limits = { connectionTimeoutMillis: 2_000, query_timeout: 60_000 };
  return openSession({ ...endpointOf(instance), user: "owner", password, database: "rdb", ...limits });
}

export function endpointOf({ endpoints: [endpoint] }: Rdbv1.Instance) {
  assert.ok(endpoint?.ip, "the instance has an endpoint");
  return { host: endpoint.ip, port: endpoint.port };
}

async function createInstance(sdk: Rdbv1.API, name: string, isHaCluster: boolean): Promise<Rdbv1.Instance> {
  const { engines } = await sdk.listDatabaseEngines();
  return sdk.createInstance({
    ...{ name, isHaCluster, engine: engines[0]?.versions[0]?.name ?? "", nodeType: "db-dev-s" },
    ...{ userName: "owner", password, disableBackup: true, backupSameRegion: false },
    ...{ volumeType: "lssd", volumeSize: 0 },
  });
}

async function openSdk(dir: string): Promise<Rdbv1.API> {
  const values = await connection(dir);
  const value = (name: string) => values.get(name) ?? "";
  const client = createClient({
    accessKey: value("SCW_ACCESS_KEY"),
    secretKey: value("SCW_SECRET_KEY"),
    apiURL: value("SCW_API_URL"),
    defaultProjectId: value("SCW_DEFAULT_PROJECT_ID"),
    defaultOrganizationId: value("SCW_DEFAULT_ORGANIZATION_ID"),
    defaultRegion: "fr-par",
  });
  return new Rdbv1.API(client);
}

async function connection(dir: string): Promise<Map<string, string>> {
  const text = await readFile(join(dir, "connection.env"), "utf8");
  return new Map(
    [...text.matchAll(/^export (\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}
