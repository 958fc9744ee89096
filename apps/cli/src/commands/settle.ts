/** What `up` settles first. Nothing is left half-done: whatever can be refused is refused before anything is made. */
import { statfs } from "node:fs/promises";
import { volumeFault } from "@mainstay/compute/local/volumes.ts";
import { CommandError } from "../errors.ts";
import { childPid } from "../platform/child.ts";
import type { Layout } from "../platform/layout.ts";
import { createSettings, readSettings, type Settings, writeSettings } from "../platform/settings.ts";
import { checkReach, serverUser } from "../platform/user.ts";
import { portFault } from "../port-fault.ts";
import { say } from "../print.ts";

export interface WantedPlatform {
  readonly listen?: Address;
  readonly demo: boolean;
  readonly hosts?: number;
  readonly etcdMembers?: number;
  /** Seconds until a lost node is replaced; every `up` may change it. */
  readonly replaceAfter?: number;
}

interface Address {
  readonly address: string;
  readonly port: number;
}

const neededBytes = 500e6;
const unprivileged =
  "not started by root: databases run as you, and so nothing keeps them from reading the platform's own files";

export async function settle(layout: Layout, wanted: WantedPlatform): Promise<Settings> {
  const known = await readSettings(layout);
  if ((await childPid(layout, "platform")) !== undefined) {
    throw new CommandError(`the platform of ${layout.dir} runs already`);
  }
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
  await checkReach(user, [layout.dir, layout.programs.supervisor]);
  if (!user) say(unprivileged);
  await checkDisk(layout);
  const settings = known ?? (await createSettings(layout, { listen, hosts, etcdMembers }));
  if (wanted.replaceAfter === undefined) return settings;
  const changed = { ...settings, replaceAfterMs: wanted.replaceAfter * 1_000 };
  await writeSettings(layout, changed);
  return changed;
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

/** Those whose server does not run yet; after a crash of `up` alone the servers are still there. */
async function checkPorts(layout: Layout, listen: Address, etcdMembers: number): Promise<void> {
  if ((await childPid(layout, "control-plane")) === undefined) {
    await checkPort(listen, "choose another with --listen");
  }
  for (let member = 1; member <= etcdMembers; member++) {
    if ((await childPid(layout, `etcd-${member}`)) !== undefined) continue;
    for (const port of [2379, 2380]) {
      const address = layout.address(member);
      await checkPort({ address, port }, "it is etcd's and comes with the directory: choose another --dir");
    }
  }
}

async function checkPort({ address, port }: Address, advice: string): Promise<void> {
  const fault = await portFault(address, port);
  if (fault) throw new CommandError(`${address}:${port} cannot be listened on (${fault}); ${advice}`);
}

async function checkDisk({ dir }: Layout): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize < neededBytes) {
    throw new CommandError(`${dir} has ${Math.floor((bavail * bsize) / 1e6)} MB free; 500 MB are needed`);
  }
  const fault = await volumeFault(dir);
  if (fault) say(`volumes are not limited to their plan's size: ${fault}`);
}
