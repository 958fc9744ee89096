/** What can be done to a pair, its store and its balancer, and how each is undone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { sendSignal } from "@mainstay/runtime/process-tree.ts";
import { run } from "@mainstay/runtime/run.ts";
import type { TestBalancer } from "../kit/balancer.ts";
import type { NodeProcess, TestNode } from "../kit/node.ts";
import type { TestInstance } from "../kit/nodes.ts";

export interface Target {
  readonly instance: TestInstance;
  readonly balancer: TestBalancer;
  readonly primary: TestNode;
  readonly standby: TestNode;
}

/** Undoes a fault, once: when it is called, or at the end of its scope, so that a failed test leaves none behind. */
export type Cure = (() => Promise<void>) & AsyncDisposable;

/** Resolves to the cure; undefined: it cannot be done here. */
export type Strike = (target: Target) => Promise<Cure | undefined>;

export const faults: Readonly<Record<string, Strike>> = {
  "primary's host killed": ({ primary }) => killHost(primary),
  "standby's host killed": ({ standby }) => killHost(standby),
  "both hosts killed": async ({ primary, standby }) =>
    together(await Promise.all([killHost(primary), killHost(standby)])),
  "primary's host frozen": ({ primary }) => freezeHost(primary),
  "standby's host frozen": ({ standby }) => freezeHost(standby),
  "primary's host cut off": ({ primary }) => cutOff(primary),
  "standby's host cut off": ({ standby }) => cutOff(standby),
  "primary cut off from the store": ({ instance, primary }) => cutFromStore(instance, primary),
  "standby cut off from the store": ({ instance, standby }) => cutFromStore(instance, standby),
  "primary and standby cut apart": ({ primary, standby }) => cutApart(primary, standby, true),
  "what the primary sends the standby is lost": ({ primary, standby }) => cutApart(primary, standby, false),
  "what the standby sends the primary is lost": ({ primary, standby }) => cutApart(standby, primary, false),
  "primary's postmaster killed": ({ primary }) => killProcess(primary, "postmaster"),
  "standby's postmaster killed": ({ standby }) => killProcess(standby, "postmaster"),
  "primary's postmaster frozen": ({ primary }) => freezeProcesses(primary, ["postmaster"]),
  "primary's agent killed": ({ primary }) => killProcess(primary, "agent"),
  "standby's agent killed": ({ standby }) => killProcess(standby, "agent"),
  "primary's agent frozen": ({ primary }) => freezeProcesses(primary, ["agent"]),
  "primary's fencer killed": ({ primary }) => killProcess(primary, "fencer"),
  "primary's agent and fencer frozen": ({ primary }) => freezeProcesses(primary, ["agent", "fencer"]),
  "primary's supervisor killed": ({ primary }) => killSupervisor(primary),
  "primary's disk full": ({ primary }) => fillDisk(primary),
  "standby's disk full": ({ standby }) => fillDisk(standby),
  "store frozen": async ({ instance: { etcd } }) => {
    etcd.signal("SIGSTOP");
    return cureBy(() => etcd.signal("SIGCONT"));
  },
  "store restarted": async ({ instance: { etcd } }) => {
    for (const member of etcd.members) await member.kill();
    for (const member of etcd.members) member.start();
    return nothing();
  },
  "balancer killed": async ({ balancer }) => {
    await balancer.kill("balancer");
    return cureBy(() => balancer.start());
  },
  "balancer and HAProxy killed": async ({ balancer }) => {
    await balancer.kill("all");
    return cureBy(() => balancer.start());
  },
  switchover: async ({ instance, standby }) => {
    await instance.ask({ kind: "switchover", target: standby.id, acceptLoss: false }).catch(() => {});
    return nothing();
  },
};

export function cureBy(undo: () => unknown): Cure {
  let undone: Promise<void> | undefined;
  const cure = () => {
    undone ??= Promise.resolve(undo()).then(() => {});
    return undone;
  };
  return Object.assign(cure, { [Symbol.asyncDispose]: cure });
}

function nothing(): Cure {
  return cureBy(() => {});
}

export async function killHost(node: TestNode): Promise<Cure> {
  await node.kill();
  return cureBy(() => node.start());
}

export async function freezeHost(node: TestNode): Promise<Cure> {
  await node.signal("SIGSTOP");
  return cureBy(() => node.signal("SIGCONT"));
}

export async function cutOff({ network }: TestNode): Promise<Cure | undefined> {
  await network?.cut({ kind: "all" });
  return network && cureBy(() => network.mend());
}

export async function cutFromStore({ etcd }: TestInstance, { network }: TestNode): Promise<Cure | undefined> {
  const ports = etcd.settings.endpoints.map((endpoint) => Number(new URL(endpoint).port));
  await network?.cut({ kind: "store", ports });
  return network && cureBy(() => network.mend());
}

/** Both reach everything else. */
export async function cutApart(
  { network }: TestNode,
  { network: peer }: TestNode,
  isBothWays: boolean,
): Promise<Cure | undefined> {
  if (!network || !peer) return undefined;
  await network.cut({ kind: "peer", peer, isBothWays });
  return cureBy(() => network.mend());
}

export async function killProcess(node: TestNode, of: NodeProcess): Promise<Cure> {
  const pid = await node.pid(of).catch(() => undefined);
  if (pid !== undefined) sendSignal(pid, "SIGKILL");
  return nothing();
}

export function freezeBalancer(balancer: TestBalancer): Cure {
  balancer.signal("SIGSTOP");
  return cureBy(() => balancer.signal("SIGCONT"));
}

/** Without its supervisor a node ends; the platform starts it again. */
async function killSupervisor(node: TestNode): Promise<Cure> {
  await killProcess(node, "supervisor");
  return cureBy(() => node.start());
}

export async function freezeProcesses(node: TestNode, names: readonly NodeProcess[]): Promise<Cure> {
  const pids = await Promise.all(names.map((name) => node.pid(name).catch(() => undefined)));
  return freezePids(pids.filter((pid) => pid !== undefined));
}

export function freezePids(pids: readonly number[]): Cure {
  for (const pid of pids) sendSignal(pid, "SIGSTOP");
  return cureBy(() => {
    for (const pid of pids) sendSignal(pid, "SIGCONT");
  });
}

/** Only a volume that is a file system of its own may be filled. */
export async function fillDisk({ volumeDir, isVolumeOwn }: TestNode): Promise<Cure | undefined> {
  if (!isVolumeOwn) return undefined;
  const file = join(volumeDir, "ballast");
  const { bavail, bsize } = await statfs(volumeDir);
  await run("fallocate", ["-l", String(Math.max(1, bavail) * bsize), file], { timeoutMs: 10_000 }).catch(
    () => {},
  );
  await run("dd", ["if=/dev/zero", `of=${file}.rest`, "bs=4096"], { okCodes: [0, 1], timeoutMs: 30_000 });
  return cureBy(async () => {
    await rm(file, { force: true });
    await rm(`${file}.rest`, { force: true });
  });
}

/**
 * A device that answers no write, by freezing the file system: whoever writes waits and cannot even be killed (so it
 * is none of the random faults, which kill). Its thaw hangs on a pipe: it comes however the caller ends.
 */
export async function hangVolume({ volumeDir, isVolumeOwn }: TestNode): Promise<Cure | undefined> {
  if (!isVolumeOwn) return undefined;
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const script = 'read -r _; exec fsfreeze --unfreeze "$1"';
  const guard = spawn("sh", ["-c", script, "sh", volumeDir], {
    env,
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const thawed = once(guard, "exit");
  await run("fsfreeze", ["--freeze", volumeDir], { env, timeoutMs: 10_000 });
  return cureBy(async () => {
    guard.stdin.end();
    await thawed;
  });
}

function together(cures: readonly Cure[]): Cure {
  return cureBy(() => Promise.all(cures.map((cure) => cure())));
}
