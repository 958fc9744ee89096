import { renderConninfo, type Upstream } from "./conninfo.ts";
import { type ProgramContext, runProgram } from "./program.ts";

export interface RewindRequest {
  /** Of a stopped server. */
  readonly dataDir: string;
  readonly nodeId: string;
  readonly upstream: Upstream;
}

export type RewindOutcome = "rewound" | "not-needed";

/** Takes back what `dataDir` has and `upstream` has not. Rejects when that is impossible (then clone). */
export async function rewind(
  context: ProgramContext,
  request: RewindRequest,
  signal: AbortSignal,
): Promise<RewindOutcome> {
  const args = [
    "--target-pgdata",
    request.dataDir,
    "--source-server",
    renderConninfo(request.upstream, { applicationName: `${request.nodeId}.rewind`, database: "postgres" }),
  ];
  const result = await runProgram({ timeoutMs: 24 * 3600_000, ...context }, "pg_rewind", args, signal);
  return /no rewind required/.test(result.stdout + result.stderr) ? "not-needed" : "rewound";
}
