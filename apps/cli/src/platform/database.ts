/** The control plane's own PostgreSQL: on a unix socket only. */
import { mkdir, rename, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { findEngines } from "@mainstay/postgres/engines.ts";
import { initDatabase } from "@mainstay/postgres/init-database.ts";
import { removeLockFiles } from "@mainstay/postgres/postmaster.ts";
import type { ProgramContext } from "@mainstay/postgres/program.ts";
import { pathExists, syncDirectory, writeFileDurably } from "@mainstay/runtime/files.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import { run } from "@mainstay/runtime/run.ts";
import { CommandError } from "../errors.ts";
import type { Child } from "./child.ts";
import { giveTo } from "./files.ts";
import type { Layout } from "./layout.ts";
import type { User } from "./user.ts";

export const databasePort = 5432;
export const databaseUser = "_rdb_superadmin";

export async function prepareDatabase(
  layout: Layout,
  user: User | undefined,
  signal: AbortSignal,
): Promise<Child> {
  const engine = (await findEngines(signal)).at(-1);
  if (!engine) throw new CommandError("no PostgreSQL was found: install the package postgresql");
  const dir = layout.databaseDir;
  const dataDir = join(dir, "data");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await giveTo(user, dir);
  if (!(await pathExists(dataDir)))
    await initialise({ binDir: engine.binDir, cwd: dir, ...user }, dataDir, signal);
  await writeSettings(layout, user);
  if ((await processesUnder(dataDir)).length === 0) {
    await removeLockFiles(dataDir, { dir: databaseSocketDir(layout), port: databasePort });
  }
  const args = ["-D", dataDir, "-c", `config_file=${join(dir, "postgresql.conf")}`];
  return { name: "database", command: join(engine.binDir, "postgres"), args, cwd: dir, user };
}

/** Complete before it gets its name. */
async function initialise(context: ProgramContext, dataDir: string, signal: AbortSignal): Promise<void> {
  const beside = `${dataDir}.new`;
  await rm(beside, { recursive: true, force: true });
  await initDatabase(context, beside, signal);
  await rename(beside, dataDir);
  await syncDirectory(context.cwd);
}

export function databaseSocketDir({ runtimeDir }: Layout): string {
  return join(runtimeDir, "database");
}

async function writeSettings(layout: Layout, user: User | undefined): Promise<void> {
  const socketDir = databaseSocketDir(layout);
  await mkdir(socketDir, { recursive: true, mode: 0o700 });
  await giveTo(user, socketDir);
  const write = (name: string, lines: readonly string[]) =>
    writeFileDurably(join(layout.databaseDir, name), `${lines.join("\n")}\n`, { mode: 0o600, ...user });
  const names = new Set([userInfo().username, ...(user ? [await nameOf(user)] : [])]);
  await write(
    "pg_ident.conf",
    [...names].map((name) => `platform ${name} ${databaseUser}`),
  );
  await write("pg_hba.conf", ["local all all peer map=platform"]);
  await write("postgresql.conf", [
    "listen_addresses = ''",
    `port = ${databasePort}`,
    `unix_socket_directories = '${socketDir}'`,
    "unix_socket_permissions = 0700",
    `hba_file = '${join(layout.databaseDir, "pg_hba.conf")}'`,
    `ident_file = '${join(layout.databaseDir, "pg_ident.conf")}'`,
    "shared_buffers = 64MB",
    "max_connections = 100",
    "logging_collector = off",
  ]);
}

async function nameOf({ uid }: User): Promise<string> {
  return (await run("id", ["-un", String(uid)], { timeoutMs: 5_000 })).stdout.trim();
}
