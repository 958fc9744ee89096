import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";

/** Where and as whom PostgreSQL's programs run. */
export interface ProgramContext {
  readonly binDir: string;
  /** Their working directory: the node's, so that whoever ends the node finds them. */
  readonly cwd: string;
  /** Only for a caller that is root: PostgreSQL refuses to run as root. */
  readonly uid?: number;
  readonly gid?: number;
  readonly timeoutMs?: number;
  /** Exit codes that are no failure; [0] unless given. */
  readonly okCodes?: readonly number[];
}

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of PostgreSQL's programs with messages in English and a bare environment. */
export async function runProgram(
  context: ProgramContext,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ProgramResult> {
  const { binDir, cwd, uid, gid, timeoutMs = 60_000, okCodes = [0] } = context;
  return run(join(binDir, program), [...args], {
    cwd,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin", HOME: cwd },
    timeoutMs,
    okCodes,
    signal,
  });
}
