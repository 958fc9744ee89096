/** What `up` settles first. Nothing is left half-done: whatever can be refused is refused before anything is made. */
import { statfs } from "node:fs/promises";
import { leastFreeBytes } from "@mainstay/compute/local/prepare-node.ts";
import { volumeFault } from "@mainstay/compute/local/volumes.ts";
import { isPlainPath } from "@mainstay/runtime/files.ts";
import { CommandError } from "../errors.ts";
import type { Layout } from "../platform/layout.ts";
import { createSettings, readSettings, type Settings, writeSettings } from "../platform/settings.ts";
import { checkReach, serverUser } from "../platform/user.ts";
import { say } from "../print.ts";
import { checkPorts } from "./check-ports.ts";

export interface WantedPlatform {
  readonly listen?: Address;
  readonly demo: boolean;
  readonly hosts?: number;
  readonly etcdMembers?: number;
  /** Seconds until a lost node is replaced; every `up` may change it. */
  readonly replaceAfter?: number;
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** Of the platform itself. */
const neededBytes = 500e6;
const unprivileged =
  "not started by root: databases run as you, and so nothing keeps them from reading the platform's own files";

export async function settle(layout: Layout, wanted: WantedPlatform): Promise<Settings> {
  checkPaths(layout);
  const known = await readSettings(layout);
  if (known) refuseChanges(layout, known, wanted);
  const { hosts = 3, etcdMembers = 1 } = known ?? wanted;
  const listen = known?.listen ?? wanted.listen ?? { address: "127.0.0.1", port: 8400 };
  if (!known?.isComplete && wanted.demo && hosts < 2) {
    throw new CommandError(
      "the highly available demo needs two hosts: ask for more with --hosts, or use --no-demo",
    );
  }
  await checkPorts(layout, listen, etcdMembers);
  const user = await serverUser();
  await checkReach(user, [layout.dir, process.execPath]);
  if (!user) say(unprivileged);
  await checkDisk(layout, !known?.isComplete && wanted.demo);
  const settings = known ?? (await createSettings(layout, { listen, hosts, etcdMembers }));
  if (wanted.replaceAfter === undefined) return settings;
  const changed = { ...settings, replaceAfterMs: wanted.replaceAfter * 1_000 };
  await writeSettings(layout, changed);
  return changed;
}

/** HAProxy and PostgreSQL are given paths below these in files with syntaxes of their own. */
function checkPaths({ dir, runtimeDir }: Layout): void {
  const odd = [dir, runtimeDir].find((path) => !isPlainPath(path));
  if (odd === undefined) return;
  throw new CommandError(
    `the path ${JSON.stringify(odd)} has characters other than A-Z, a-z, 0-9, "/", ".", "-" and "_": give another with --dir`,
  );
}

/** Of a platform that runs; refuses what only its next start could change. */
export async function settleRunning(layout: Layout, wanted: WantedPlatform): Promise<Settings> {
  const known = await readSettings(layout);
  if (!known)
    throw new CommandError(`the platform of ${layout.dir} runs, but ${layout.settingsFile} is gone`);
  refuseChanges(layout, known, wanted);
  const { replaceAfter } = wanted;
  if (replaceAfter !== undefined && replaceAfter * 1_000 !== known.replaceAfterMs) {
    throw new CommandError(`the platform of ${layout.dir} runs: --replace-after changes it after a \`down\``);
  }
  return known;
}

/** What the first `up` settled stays. */
function refuseChanges({ dir }: Layout, known: Settings, { listen, hosts, etcdMembers }: WantedPlatform) {
  const is = known.listen;
  if (listen && (listen.address !== is.address || listen.port !== is.port)) {
    throw new CommandError(`${dir} listens on ${is.address}:${is.port}; --listen cannot change it`);
  }
  if (hosts !== undefined && hosts !== known.hosts) {
    throw new CommandError(`${dir} has ${known.hosts} hosts; --hosts cannot change it`);
  }
  if (etcdMembers !== undefined && etcdMembers !== known.etcdMembers) {
    throw new CommandError(`${dir} has etcd members: ${known.etcdMembers}; --etcd-members cannot change it`);
  }
}

/** The nodes of the demo ask for more when they start, and would wait for it. */
async function checkDisk({ dir }: Layout, isDemoWanted: boolean): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const [free, needed] = [bavail * bsize, neededBytes + (isDemoWanted ? leastFreeBytes : 0)];
  if (free < needed) {
    const advice = isDemoWanted ? `, ${neededBytes / 1e6} MB with --no-demo` : "";
    throw new CommandError(
      `${dir} has ${Math.floor(free / 1e6)} MB free; ${needed / 1e6} MB are needed${advice}`,
    );
  }
  const fault = await volumeFault(dir);
  if (fault) say(`volumes are not limited to their plan's size: ${fault}`);
}
