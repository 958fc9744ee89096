import { type ProgramContext, runProgram } from "./program.ts";

export const superuser = "_rdb_superadmin";

/** Creates a database cluster in `dataDir` (absent or empty); it is on disk when this resolves. */
export async function initDatabase(
  context: ProgramContext,
  dataDir: string,
  signal: AbortSignal,
): Promise<void> {
  const args = [
    "--pgdata",
    dataDir,
    "--username",
    superuser,
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--data-checksums",
    "--auth-local=peer",
    "--auth-host=scram-sha-256",
    "--no-sync",
    "--no-instructions",
  ];
  await runProgram(context, "initdb", args, signal);
  await runProgram(context, "initdb", ["--sync-only", "--pgdata", dataDir], signal);
}
