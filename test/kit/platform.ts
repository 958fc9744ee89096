/** A whole platform on a fresh directory, driven by the command line as a person would. */
import { chmod, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";
import { createClient } from "@scaleway/sdk-client";
import { Rdbv1 } from "@scaleway/sdk-rdb";
import { freePort } from "./etcd.ts";

const cli = join(import.meta.dirname, "../../apps/cli/src/main.ts");

export interface TestPlatform extends AsyncDisposable {
  readonly dir: string;
  readonly listen: string;
  /** Runs one command to its end; its standard output. */
  command(...args: string[]): Promise<string>;
  /** The unmodified SDK, configured by connection.env. */
  sdk(): Promise<Rdbv1.API>;
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
  return {
    dir,
    listen,
    command,
    async sdk() {
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
    },
    async [Symbol.asyncDispose]() {
      await command("down", "--purge").catch(() => {});
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function connection(dir: string): Promise<Map<string, string>> {
  const text = await readFile(join(dir, "connection.env"), "utf8");
  return new Map(
    [...text.matchAll(/^export (\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}
