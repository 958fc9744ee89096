/** Runs one program to its end. */
import { spawn } from "node:child_process";
import { sendSignal } from "./process-tree.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** After this many milliseconds it is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Exit codes that are no failure; [0] unless given. */
  readonly okCodes?: readonly number[];
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunFault =
  | { readonly code: "not-started"; readonly command: string }
  | { readonly code: "timeout"; readonly command: string; readonly timeoutMs: number }
  | { readonly code: "stopped"; readonly command: string }
  | {
      readonly code: "failed";
      readonly command: string;
      readonly exitCode: number | null;
      readonly stderr: string;
    };

export class RunError extends Error {
  override readonly name = "RunError";
  readonly fault: RunFault;
  constructor(fault: RunFault, options?: ErrorOptions) {
    const stderr = fault.code === "failed" ? `: ${fault.stderr.trim().slice(-2_000)}` : "";
    super(`${fault.command}: ${fault.code}${stderr}`, options);
    this.fault = fault;
  }
}

/**
 * Rejects with RunError when it cannot start, fails, takes too long or is aborted (then it is killed). Whoever kills
 * it, all that it started ends too: that would go on and hold its output open (pg_basebackup's receiver of WAL does).
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { timeoutMs, signal, input = "", okCodes = [0], env, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...rest, ...(env && { env }), stdio: "pipe", detached: true });
    let stopped: RunFault | undefined;
    const killGroup = () => child.pid !== undefined && sendSignal(-child.pid, "SIGKILL");
    const stop = (fault: RunFault) => {
      stopped ??= fault;
      killGroup();
    };
    child.on("exit", (code) => code === null && killGroup());
    const abort = () => stop({ code: "stopped", command });
    const timer = setTimeout(() => stop({ code: "timeout", command, timeoutMs }), timeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    child.on("error", (cause) => {
      settle();
      reject(new RunError({ code: "not-started", command }, { cause }));
    });
    child.on("close", (code) => {
      settle();
      const errors = Buffer.concat(stderr).toString();
      if (stopped) return reject(new RunError(stopped));
      if (code === null || !okCodes.includes(code)) {
        return reject(new RunError({ code: "failed", command, exitCode: code, stderr: errors }));
      }
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: errors });
    });
  });
}
