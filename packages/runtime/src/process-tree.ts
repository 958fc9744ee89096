/**
 * The processes of a node or a host, found by their working directory: PostgreSQL and everything it forks run in
 * its data directory, the agent in the node's. It needs no rights and no cgroup, and finds orphans. A person's
 * shell in the same directory is left alone.
 */
import { readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { pause } from "./pause.ts";

/** Programs that run in a node's directories; a shell or an editor is not among them. */
const programs = /^(node|postgres|initdb|pg_\w+|haproxy|etcd)$/;

/** Process ids whose working directory is `dir` or below; never the caller's own. `only`: of these programs. */
export async function processesUnder(dir: string, only?: readonly string[]): Promise<number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const matches = await Promise.all(ids.map((id) => runsUnder(id, dir, only)));
  return ids.filter((id, index) => matches[index] && id !== process.pid);
}

async function runsUnder(id: number, dir: string, only: readonly string[] | undefined): Promise<boolean> {
  try {
    const cwd = await linkOf(id, "cwd");
    if (cwd !== dir && !cwd.startsWith(`${dir}/`)) return false;
    const program = basename(await linkOf(id, "exe"));
    return only ? only.includes(program) : programs.test(program);
  } catch {
    return false; // it ended meanwhile, is a zombie, or belongs to somebody else
  }
}

async function linkOf(id: number, name: "cwd" | "exe"): Promise<string> {
  return (await readlink(`/proc/${id}/${name}`)).replace(/ \(deleted\)$/, "");
}

export class ProcessTreeError extends Error {
  override readonly name = "ProcessTreeError";
  readonly fault: { readonly code: "not-killed"; readonly dir: string; readonly pids: readonly number[] };
  constructor(fault: ProcessTreeError["fault"]) {
    super(`processes under ${fault.dir} could not be killed: ${fault.pids.join(", ")}`);
    this.fault = fault;
  }
}

export interface KillOptions {
  /** Of these programs; left out: of all that run in a node's directories. */
  readonly only?: readonly string[];
  readonly limitMs?: number;
}

/**
 * Kills every process under `dir` (a real path) and resolves when none is left: what they fork meanwhile is found
 * again. Rejects when some are left after `limitMs`: a process in an uninterruptible wait, or somebody else's.
 */
export async function killTree(dir: string, { only, limitMs = 30_000 }: KillOptions = {}): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const ids = await processesUnder(dir, only);
    if (ids.length === 0) return;
    if (performance.now() > deadline) throw new ProcessTreeError({ code: "not-killed", dir, pids: ids });
    for (const id of ids) sendSignal(id, "SIGKILL");
    await pause(2);
  }
}

/** Sends a signal to every process under `dir`, until a look finds no new one. */
export async function signalTree(dir: string, signal: NodeJS.Signals): Promise<void> {
  const sent = new Set<number>();
  for (;;) {
    const fresh = (await processesUnder(dir)).filter((id) => !sent.has(id));
    if (fresh.length === 0) return;
    for (const id of fresh) {
      sendSignal(id, signal);
      sent.add(id);
    }
  }
}

/** To a process, or with a negative id to a process group; one that has ended, or is somebody else's, is none. */
export function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
