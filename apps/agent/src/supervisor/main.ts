/**
 * The supervisor of one node: parent of PostgreSQL, of the agent (which decides) and of the fencer (which kills).
 * It decides nothing itself. SIGTERM: only this node stops. SIGUSR2: the whole platform stops.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { postgresArguments, removeLockFiles } from "@mainstay/postgres/postmaster.ts";
import { keepCompiled } from "@mainstay/runtime/compile-cache.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { limitLogs } from "@mainstay/runtime/log-limit.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { nodePaths, supervisorLock } from "../node-paths.ts";
import { readUncheckedConfig } from "../unchecked-config.ts";
import { keepAgent } from "./agent-child.ts";
import { keepFencer } from "./fencer-child.ts";
import { openLivenessPort } from "./liveness-port.ts";
import type { Fenced, PostgresEnd, RunningPostgres, Shutdown, ToAgent, ToSupervisor } from "./protocol.ts";

const nodeDir = process.argv[2] ?? "";
const log = createLog("supervisor");
await lockOrExit();
const config = readUncheckedConfig(nodeDir);
const paths = nodePaths(nodeDir, config);
const bootId = randomUUID();
let shutdown: Shutdown = "none";
let postgres: RunningPostgres | null = null;
let exits = 0;
let ended: PostgresEnd | null = null;
let fenced: Fenced | null = null;
/** How many ends there were when PostgreSQL was fenced. */
let fencedExits: number | undefined;
let isEnding = false;

mkdirSync(config.runtimeDir, { recursive: true, mode: 0o700 });
mkdirSync(dirname(paths.postgresLog), { recursive: true, mode: 0o700 });
// An earlier supervisor that was killed may have left its PostgreSQL.
await killTree(paths.dataDir);
await writeFile(paths.pidFile, `${process.pid}\n`);
const fencer = keepFencer(paths, log, {
  onUnguarded: () => killTree(paths.dataDir),
  onReplaced: () => agent.tell(),
  onFenced: noteFence,
});
process.on("SIGTERM", () => requestShutdown("hand-over"));
process.on("SIGUSR2", () => requestShutdown("in-place"));
process.on("SIGINT", () => {});
const agent = keepAgent(paths, log, {
  news,
  onMessage: (message) => void obey(message).catch(fail),
});
openLivenessPort(config, log);
keepCompiled();
void limitLogs(dirname(paths.postgresLog), {
  signal: new AbortController().signal,
  onFault: (err) => log.warn({ err }, "the logs could not be limited"),
});

/** A second supervisor of the same node would start a second PostgreSQL. */
async function lockOrExit(): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once("error", () => process.exit(0));
    server.listen(supervisorLock(nodeDir), resolve);
  });
}

async function obey(message: ToSupervisor): Promise<void> {
  switch (message.kind) {
    case "start":
      await startPostgres(message.as);
      break;
    case "arm":
      if (postgres) postgres = { ...postgres, as: "primary" };
      await fencer.guard(true);
      break;
    case "done":
      await end();
      break;
  }
  agent.tell();
}

/** The fencer guards a primary before it exists. */
async function startPostgres(as: "primary" | "standby"): Promise<void> {
  if (postgres || isEnding) return;
  postgres = { pid: 0, as, startedAtMs: monotonicMs() };
  await fencer.guard(as === "primary");
  await removeLockFiles(paths.dataDir, { dir: config.runtimeDir, port: config.port });
  const output = openSync(paths.postgresLog, "a", 0o600);
  const args = postgresArguments({ dataDir: paths.dataDir, settingsFile: paths.settingsFile });
  const child = spawn(join(config.binDir, "postgres"), args, {
    cwd: paths.dataDir,
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
    stdio: ["ignore", output, output],
    detached: true,
  });
  closeSync(output);
  postgres = { ...postgres, pid: child.pid ?? 0 };
  child.once("error", (error) => log.error({ err: error }, "PostgreSQL could not be started"));
  child.once("close", (code, signal) => void onPostgresEnd(code, signal).catch(fail));
}

/** What the postmaster forked may outlive it; only when all are gone is PostgreSQL down. */
async function onPostgresEnd(code: number | null, signal: string | null): Promise<void> {
  const at = new Date().toISOString();
  log.info({ code, signal }, "PostgreSQL ended");
  await killTree(paths.dataDir);
  postgres = null;
  exits += 1;
  ended = { at, code, signal };
  // Nothing is left that it could end.
  await fencer.guard(false).catch((err: unknown) => log.warn({ err }, "the fencer does not answer"));
  agent.tell();
}

/** The fencer kills until nothing is left: the first time counts. */
function noteFence({ at, reason, tookMs }: Fenced): void {
  if (fencedExits === exits) return;
  fencedExits = exits;
  fenced = { at, reason, tookMs };
}

function requestShutdown(how: Shutdown): void {
  if (shutdown === "none") shutdown = how;
  agent.tell();
}

function news(): ToAgent {
  const pids = { supervisor: process.pid, fencer: fencer.pid };
  return { kind: "state", state: { bootId, shutdown, postgres, exits, ended, fenced, pids } };
}

async function end(): Promise<void> {
  isEnding = true;
  await killTree(paths.dataDir);
  fencer.stop();
  agent.stop();
  await rm(paths.pidFile, { force: true });
  process.exit(0);
}

/** Without a supervisor that works, the fencer ends PostgreSQL and the next supervisor begins anew. */
function fail(error: unknown): void {
  log.error({ err: error }, "the supervisor failed");
  process.exit(1);
}
