/** HAProxy's process of one instance: detached, so that it outlives the balancer. */
import { spawn } from "node:child_process";
import { open, readFile, readlink, realpath, rm } from "node:fs/promises";
import { basename } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { TimeoutError, waitFor } from "@mainstay/runtime/pause.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import type { Config } from "../config.ts";
import type { Place } from "../places.ts";
import { HaproxyError, readRoute } from "./runtime-socket.ts";

const startLimitMs = 5_000;

export async function runningPid({ pidFile, dir }: Place): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
  if (!Number.isInteger(pid)) return undefined;
  try {
    // The number may be another process's by now.
    const isOurs =
      (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dir)) &&
      basename(await readlink(`/proc/${pid}/exe`)) === "haproxy";
    return isOurs ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves when it answers. Rejects with its last words when it ends instead: a taken port, most likely. */
export async function startHaproxy(place: Place, user: Config["user"], signal: AbortSignal): Promise<void> {
  // A balancer that died between starting one and writing its pid file left it: nobody else would end it.
  await killTree(await realpath(place.dir));
  await rm(place.socket, { force: true });
  const log = await open(place.logFile, "w", 0o600);
  const child = spawn("haproxy", ["-db", "-f", place.configFile], {
    ...user,
    cwd: place.dir,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", log.fd, log.fd],
    detached: true,
  });
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code) => {
    ended ??= `ended with code ${code}`;
  });
  child.unref();
  await log.close();
  const answers = async () => {
    if (ended) throw new HaproxyError({ code: "not-started", output: await lastWords(place, ended) });
    return readRoute(place.socket, place.rangesFile).catch(() => undefined);
  };
  await waitFor(answers, { what: "HAProxy's first answer", timeoutMs: startLimitMs, everyMs: 10, signal });
  await writeFileDurably(place.pidFile, `${child.pid}\n`, { mode: 0o600 });
}

/** Ends it and every session at once. */
export async function stopHaproxy(place: Place): Promise<void> {
  const dir = await realpath(place.dir).catch(() => undefined);
  const pid = await runningPid(place);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    const isGone = async () => (await runningPid(place)) === undefined;
    await waitFor(isGone, { what: "HAProxy's end", timeoutMs: 3_000, everyMs: 10 }).catch(
      (error: unknown) => {
        if (!(error instanceof TimeoutError)) throw error;
      },
    );
  }
  if (dir) await killTree(dir);
  await rm(place.pidFile, { force: true });
  await rm(place.socket, { force: true });
}

async function lastWords({ logFile }: Place, ended: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-3).join(" | ") || ended;
}
