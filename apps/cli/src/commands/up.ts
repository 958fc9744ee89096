/** `mainstay up`: a whole platform on this machine. */

import { spawn } from "node:child_process";
import { mkdir, open, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { createLog } from "@mainstay/runtime/log.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { type Api, getDetails, listInstances, openApi } from "../api.ts";
import { makeDirectory } from "../config.ts";
import { CommandError, noPlatform } from "../errors.ts";
import { childPid, notePid } from "../platform/child.ts";
import { lockDirectory } from "../platform/directory-lock.ts";
import { type Layout, layoutOf } from "../platform/layout.ts";
import { runPlatform } from "../platform/platform.ts";
import { readSettings, type Settings, writeSettings } from "../platform/settings.ts";
import { print, say } from "../print.ts";
import { psqlLine } from "./connect.ts";
import { newPassword, requestInstance } from "./create-instance.ts";
import { down } from "./down.ts";
import { settle, settleRunning, type WantedPlatform } from "./settle.ts";
import { waitUntilReady } from "./wait.ts";

export interface UpOptions extends WantedPlatform {
  readonly dir: string;
  readonly detach?: boolean;
}

const platformName = "platform";
const answerLimitMs = 60_000;

export async function up(options: UpOptions): Promise<void> {
  const layout = layoutOf(await makeDirectory(options.dir));
  const interrupted = new AbortController();
  const settings = await startOnce(options, layout, interrupted);
  if (!settings) return showRunning(options, layout);
  const finished = finishStart(options, layout, settings);
  if (options.detach) return finished;
  // Ctrl-C stops everything also while it is starting.
  await Promise.race([
    finished.then(() => showChanges(options.dir, interrupted.signal)),
    aborted(interrupted.signal),
  ]);
  await down({ dir: options.dir });
  process.exit(0);
}

/** Undefined: it runs already. */
async function startOnce(options: UpOptions, layout: Layout, interrupted: AbortController) {
  await using _turn = await lockDirectory(layout);
  if ((await childPid(layout, platformName)) !== undefined) return undefined;
  await makeDirectory(layout.dir); // a `down --purge` may have had the turn before
  const settings = await settle(layout, options).catch(async (error: unknown) => {
    await rmdir(layout.dir).catch(() => {}); // made just now, when it is empty
    throw error;
  });
  if (!options.detach) {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupted.abort());
  }
  await startPlatform(layout);
  return settings;
}

/** A second `up` starts nothing and stops nothing: also in the foreground it only shows what there is. */
async function showRunning(options: UpOptions, layout: Layout): Promise<void> {
  const { isComplete } = await settleRunning(layout, options);
  say(`the platform of ${layout.dir} runs already`);
  await untilAnswers(options.dir, layout, performance.now());
  if (!isComplete) say("its first `up` has not ended; if that was interrupted, `down` and `up` complete it");
  await printSummary(options.dir, layout);
}

/** A line for every instance whose status has changed. */
async function showChanges(dir: string, signal: AbortSignal): Promise<void> {
  const api = await openApi(dir);
  const shown = new Map<string, string>();
  while (!signal.aborted) {
    for (const { id, name, status } of await listInstances(api).catch(() => [])) {
      if (shown.has(id) && shown.get(id) !== status)
        say(`${new Date().toLocaleTimeString()}  ${name} is ${status}`);
      shown.set(id, status);
    }
    await pause(500, signal);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function finishStart(options: UpOptions, layout: Layout, settings: Settings): Promise<void> {
  const startedMs = performance.now();
  say("starting etcd, PostgreSQL, the control plane and the balancer");
  await untilAnswers(options.dir, layout, startedMs);
  if (!settings.isComplete) {
    if (options.demo) await ensureDemo(options.dir);
    await writeSettings(layout, { ...settings, isComplete: true });
  }
  await untilInstancesAreBack(options.dir);
  await printSummary(options.dir, layout);
  if (!options.detach) say("Ctrl-C stops everything; the data stays.");
}

/** The hidden command that keeps everything running. Its own end leaves everything running. */
export async function runDetached(dir: string): Promise<void> {
  const layout = layoutOf(await makeDirectory(dir));
  const settings = await readSettings(layout);
  if (!settings) throw noPlatform(dir);
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => controller.abort());
  await runPlatform(layout, settings, createLog(platformName), controller.signal);
}

async function startPlatform(layout: Layout): Promise<void> {
  for (const dir of [layout.logDir, layout.pidsDir]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const output = await open(join(layout.logDir, "platform.log"), "a", 0o600);
  const child = spawn(process.execPath, [layout.programs.cli, "platform-run", "--dir", layout.dir], {
    cwd: layout.dir,
    stdio: ["ignore", output.fd, output.fd],
    detached: true,
  });
  child.unref();
  await notePid(layout, platformName, child.pid ?? 0);
  await output.close();
}

async function untilAnswers(dir: string, layout: Layout, startedMs: number): Promise<void> {
  const api = await openApi(dir);
  for (;;) {
    const tookMs = performance.now() - startedMs;
    const isUp = await listInstances(api).then(
      () => true,
      () => false,
    );
    if (isUp) return say(`${(tookMs / 1_000).toFixed(1)} s  the API answers at ${api.url}`);
    if (tookMs > answerLimitMs || (await childPid(layout, platformName)) === undefined) {
      throw new CommandError(`the platform did not come up; see ${join(layout.logDir, "platform.log")}`);
    }
    await pause(50);
  }
}

const backLimitMs = 30_000;

/** Instances that ran before come back by themselves; what is not ready by then is shown as it is. */
async function untilInstancesAreBack(dir: string): Promise<void> {
  const api = await openApi(dir);
  const deadline = performance.now() + backLimitMs;
  const isSettled = ({ status }: { status: string }) => status === "ready" || status === "error";
  while (performance.now() < deadline && !(await listInstances(api)).every(isSettled)) await pause(100);
}

/** An earlier `up` that was interrupted may have asked for it, and shown its password. */
async function ensureDemo(dir: string): Promise<void> {
  const api = await openApi(dir);
  const known = (await listInstances(api)).find(
    ({ name, status }) => name === "demo" && status !== "deleting",
  );
  const { id } = known ?? (await createDemo(api));
  await waitUntilReady(api, id);
}

async function createDemo(api: Api): Promise<{ id: string }> {
  const password = newPassword();
  say("creating the highly available instance demo");
  const plan = { nodeType: "db-dev-s", ha: true, user: "demo", password };
  const created = await requestInstance(api, "demo", plan);
  say(`password of demo's user demo, shown only now: ${password}`);
  return created;
}

async function printSummary(dir: string, layout: Layout): Promise<void> {
  const api = await openApi(dir);
  for (const instance of await listInstances(api)) {
    const { first_user: user } = await getDetails(api, instance.id);
    print(`${instance.name} (${instance.status}): ${psqlLine(instance, user ?? "USER")}`);
  }
  print(`API: ${api.url} (documentation at ${api.url}/docs)`);
  print(`keys: source ${layout.connectionFile}`);
}
