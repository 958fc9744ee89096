/** The reference: PostgreSQL's own programs, one after the other, without any of Mainstay. */
import { spawn } from "node:child_process";
import { appendFile, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { run } from "@mainstay/runtime/run.ts";
import { newestEngine } from "@mainstay/test/kit/engine.ts";
import { openSession } from "@mainstay/test/kit/session.ts";
import { unprivilegedUser } from "@mainstay/test/kit/user.ts";

const { binDir } = await newestEngine();
const user = await unprivilegedUser();

/** initdb, start, first answer; milliseconds. */
export function bareSingle(): Promise<number> {
  return inDirectory(async (dir) => {
    await startPrimary(dir);
  });
}

/** The same, then a base backup, a standby and the first commit that waits for it; milliseconds. */
export function bareHa(): Promise<number> {
  return inDirectory(async (dir) => {
    const primary = await startPrimary(dir);
    const standby = join(dir, "standby");
    await run(join(binDir, "pg_basebackup"), ["-D", standby, "-h", dir, "-U", "bench", "-c", "fast", "-R"], {
      ...user,
      cwd: dir,
      timeoutMs: 60_000,
    });
    await start(dir, standby, 5433);
    await query(primary, "alter system set synchronous_standby_names = '*'");
    await query(primary, "select pg_reload_conf()");
    await waitFor(async () => (await query(primary, "select 1 from pg_stat_replication")) > 0, {
      what: "the standby",
      timeoutMs: 30_000,
      everyMs: 5,
    });
    await query(primary, "create table first_commit ()");
  });
}

async function inDirectory(work: (dir: string) => Promise<void>): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-bare-"));
  await chown(dir, user.uid, user.gid);
  const startedMs = performance.now();
  try {
    await work(dir);
    return performance.now() - startedMs;
  } finally {
    await killTree(dir);
    await rm(dir, { recursive: true, force: true });
  }
}

interface Server {
  readonly dir: string;
  readonly port: number;
}

async function startPrimary(dir: string): Promise<Server> {
  const data = join(dir, "primary");
  const args = ["-D", data, "-U", "bench", "--data-checksums", "--auth=trust"];
  await run(join(binDir, "initdb"), args, { ...user, cwd: dir, timeoutMs: 60_000 });
  return start(dir, data, 5432);
}

async function start(dir: string, data: string, port: number): Promise<Server> {
  const settings = `listen_addresses = ''\nunix_socket_directories = '${dir}'\nport = ${port}\n`;
  await appendFile(join(data, "postgresql.conf"), settings);
  await writeFile(join(dir, `log-${port}`), "");
  spawn(join(binDir, "postgres"), ["-D", data], { ...user, cwd: data, stdio: "ignore" });
  const server = { dir, port };
  const answers = () => query(server, "select 1").catch(() => undefined);
  await waitFor(answers, { what: "the first answer", timeoutMs: 30_000, everyMs: 5 });
  return server;
}

async function query({ dir, port }: Server, text: string): Promise<number> {
  await using client = await openSession({ host: dir, port, user: "bench", database: "postgres" });
  return (await client.query(text)).rowCount ?? 0;
}
