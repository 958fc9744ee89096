import { renderConninfo, type Upstream } from "./conninfo.ts";
import { type ProgramContext, runProgram } from "./program.ts";

export interface BaseBackupRequest {
  /** Absent or empty. */
  readonly dataDir: string;
  readonly nodeId: string;
  readonly upstream: Upstream;
}

/** Copies `upstream` into `dataDir`; it is on disk when this resolves. The caller makes it a standby. */
export async function baseBackup(
  context: ProgramContext,
  request: BaseBackupRequest,
  signal: AbortSignal,
): Promise<void> {
  const args = [
    "--pgdata",
    request.dataDir,
    "--dbname",
    renderConninfo(request.upstream, { applicationName: `${request.nodeId}.backup` }),
    "--wal-method=stream",
    "--checkpoint=fast",
    "--no-password",
  ];
  await runProgram({ timeoutMs: 24 * 3600_000, ...context }, "pg_basebackup", args, signal);
}
