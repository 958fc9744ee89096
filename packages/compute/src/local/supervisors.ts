/** Starting and finding the supervisors of local nodes. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { open, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { compileCacheEnvironment } from "@mainstay/runtime/compile-cache.ts";
import type { User } from "./private-dir.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
/** The directory is the node's own: root follows no link that it could have put there. */
const appendOnly = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW;

/** Starts it detached, so that it outlives whoever started it. A second one of the same node ends at once. */
export async function startSupervisor(
  program: string,
  nodeDir: string,
  cacheDir: string,
  user: User | undefined,
): Promise<void> {
  const log = await open(join(nodeDir, "log", "agent.log"), appendOnly, 0o600);
  try {
    if (user) await log.chown(user.uid, user.gid);
    const child = spawn(process.execPath, [program, nodeDir], {
      ...user,
      cwd: nodeDir,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", HOME: nodeDir, ...compileCacheEnvironment(cacheDir) },
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", resolve);
    });
    child.unref();
  } finally {
    await log.close();
  }
}

/** The running supervisor of the node in `nodeDir` (a real path). */
export async function supervisorPid(nodeDir: string): Promise<number | undefined> {
  const text = await readFile(join(nodeDir, "supervisor.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // The number may be another process's by now.
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd === nodeDir ? pid : undefined;
}
