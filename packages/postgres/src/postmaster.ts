import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Of postmaster.pid, counted from zero (PostgreSQL: LOCK_FILE_LINE_PM_STATUS). */
const statusLine = 7;

/**
 * After a kill, before the next start. PostgreSQL refuses to start while the process that one of its lock files
 * names is there, be it a zombie that nobody has buried yet or another program that was given the number since. For
 * a data directory that no process uses.
 */
export async function removeLockFiles(dataDir: string, socket: { dir: string; port: number }): Promise<void> {
  await rm(join(dataDir, "postmaster.pid"), { force: true });
  await rm(join(socket.dir, `.s.PGSQL.${socket.port}.lock`), { force: true });
}

/**
 * It says of itself that it takes no sessions yet: what pg_ctl waits by, too. Asking by connecting would have it fork
 * a process each time, on a start that is short of processors as it is.
 */
export async function isStarting(dataDir: string): Promise<boolean> {
  const lines = (await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return lines[statusLine]?.trim() === "starting";
}

/** The arguments the supervisor starts `postgres` with; the settings file stays out of the data directory. */
export function postgresArguments(input: {
  readonly dataDir: string;
  readonly settingsFile: string;
}): string[] {
  return ["-D", input.dataDir, "-c", `config_file=${input.settingsFile}`];
}
