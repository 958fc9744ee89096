/**
 * Hosts that can be cut off on one machine: the processes of each are in a control group of their own, and nftables
 * drops what the group sends and receives, silently, as a broken cable does.
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "@mainstay/runtime/pause.ts";
import { run } from "@mainstay/runtime/run.ts";

/**
 * all: everything; store: only what goes to or comes from these ports; peer: what goes to another host, and with
 * isBothWays what comes from it.
 */
export type Cut =
  | { readonly kind: "all" }
  | { readonly kind: "store"; readonly ports: readonly number[] }
  | { readonly kind: "peer"; readonly peer: HostNetwork; readonly isBothWays: boolean };

/** Disposing of it leaves no rule and no group behind. */
export interface HostNetwork extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** To be called before the process forks. */
  add(pid: number): Promise<void>;
  cut(cut: Cut): Promise<void>;
  mend(): Promise<void>;
}

/** Undefined where it cannot be done: it needs root, nftables and the second version of control groups. */
export async function createHostNetwork(name: string, address: string): Promise<HostNetwork | undefined> {
  const root = await groupRoot();
  if (process.getuid?.() !== 0 || !root || !(await hasNft())) return undefined;
  const group = join(root, name);
  await mkdir(group);
  const mend = () => nft(root, `add table inet ${name}\ndelete table inet ${name}\n`);
  return {
    name,
    address,
    add: (pid) => writeFile(join(group, "cgroup.procs"), `${pid}\n`),
    cut: (cut) => nft(root, rules(name, address, cut)),
    mend,
    async [Symbol.asyncDispose]() {
      await mend();
      await removeGroup(group);
    },
  };
}

function rules(name: string, address: string, cut: Cut): string {
  const drops = dropsOf(name, address, cut).map((match) => `${match} drop`);
  const chains = ["output", "input"].map(
    (hook) => `chain ${hook} {\ntype filter hook ${hook} priority 0;\n${drops.join("\n")}\n}`,
  );
  return `table inet ${name} {\n${chains.join("\n")}\n}\n`;
}

function dropsOf(name: string, address: string, cut: Cut): string[] {
  const group = groupMatch(name);
  switch (cut.kind) {
    case "all":
      // The address too: when nobody listens any more, the kernel itself would answer for it.
      return [group, `ip daddr ${address}`, `ip saddr ${address}`];
    case "store":
      return cut.ports.flatMap((port) => [`${group} tcp dport ${port}`, `${group} tcp sport ${port}`]);
    case "peer": {
      const { peer, isBothWays } = cut;
      const there = [`${group} ip daddr ${peer.address}`, `${groupMatch(peer.name)} ip saddr ${address}`];
      const back = [`${groupMatch(peer.name)} ip daddr ${address}`, `${group} ip saddr ${peer.address}`];
      return isBothWays ? [...there, ...back] : there;
    }
  }
}

/** Loopback connections have no source address of their own: who sends or receives is known by the group. */
function groupMatch(name: string): string {
  return `socket cgroupv2 level 1 "${name}"`;
}

/** nft looks groups up below /sys/fs/cgroup; where that is the first version, it is shown the second one there. */
async function nft(root: string, text: string): Promise<void> {
  const script = 'mount --bind "$1" /sys/fs/cgroup && exec nft -f -';
  const args = ["--mount", "sh", "-c", script, "sh", root];
  await run("unshare", args, {
    input: text,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    timeoutMs: 10_000,
  });
}

async function groupRoot(): Promise<string | undefined> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  return mounts.find(([, , type]) => type === "cgroup2")?.[1];
}

async function hasNft(): Promise<boolean> {
  const options = { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, timeoutMs: 5_000 };
  return run("nft", ["--version"], options).then(
    () => true,
    () => false,
  );
}

/** A group is busy until the kernel has buried its last process. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await rmdir(group);
    } catch {
      if (!(await readdir(group).catch(() => undefined))) return;
      await pause(20);
    }
  }
}
