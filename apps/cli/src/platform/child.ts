/** Children of the platform: detached, found again by process id and start time, started again when they die. */
import { spawn } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runLoop } from "@mainstay/control-loop/run-loop.ts";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { TimeoutError, waitFor } from "@mainstay/runtime/pause.ts";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Layout } from "./layout.ts";

export interface Child {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Beside what every child gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Below the platform's directory. */
  readonly cwd: string;
  /** Who it runs as; none: the caller. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

const PidFile = Type.Object({ pid: Type.Integer(), startTime: Type.String() });

/** Starts it when it does not run, until aborted; then it is left running. */
export async function keepChild(layout: Layout, child: Child, log: Log, signal: AbortSignal): Promise<void> {
  const pass = async () => {
    if ((await childPid(layout, child.name)) === undefined) {
      log.info({ child: child.name }, "starting");
      await startChild(layout, child);
    }
  };
  await runLoop({ name: child.name, pass, everyMs: 300, log, signal });
}

/** Undefined: it does not run, or its number is another process's by now. */
export async function childPid(layout: Layout, name: string): Promise<number | undefined> {
  const text = await readFile(pidFile(layout, name), "utf8").catch(() => undefined);
  const content: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!Value.Check(PidFile, content)) return undefined;
  return (await startTimeOf(content.pid)) === content.startTime ? content.pid : undefined;
}

/** Sends the signal, waits, and kills what is still there after the limit. */
export async function stopChild(layout: Layout, name: string, signal: NodeJS.Signals, limitMs: number) {
  const pid = await childPid(layout, name);
  if (pid !== undefined) {
    const isGone = async () => (await childPid(layout, name)) === undefined;
    process.kill(pid, signal);
    await waitFor(isGone, { what: `${name}'s end`, timeoutMs: limitMs }).catch((error: unknown) => {
      if (!(error instanceof TimeoutError)) throw error;
      process.kill(pid, "SIGKILL");
    });
  }
  await rm(pidFile(layout, name), { force: true });
}

/** Notes a process that was started otherwise (the platform itself). */
export async function notePid(layout: Layout, name: string, pid: number): Promise<void> {
  const startTime = await startTimeOf(pid);
  const content = `${JSON.stringify({ pid, startTime })}\n`;
  await writeFileDurably(pidFile(layout, name), content, { mode: 0o600 });
}

async function startChild(layout: Layout, { name, command, args, env, cwd, user }: Child): Promise<void> {
  const output = await open(join(layout.logDir, `${name}.log`), "a", 0o600);
  try {
    const child = spawn(command, args, {
      ...user,
      cwd,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: cwd, ...env },
      stdio: ["ignore", output.fd, output.fd],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", resolve);
    });
    child.unref();
    await notePid(layout, name, child.pid ?? 0);
  } finally {
    await output.close();
  }
}

/** Field 22 of /proc/PID/stat, counted after the name in parentheses. Undefined: no such process, or a zombie. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

function pidFile({ pidsDir }: Layout, name: string): string {
  return join(pidsDir, `${name}.json`);
}
