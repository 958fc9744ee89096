/** Whether `up` can have the ports it needs, told before anything starts. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathExists } from "@mainstay/runtime/files.ts";
import { listenFault } from "@mainstay/runtime/listen-fault.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { CommandError } from "../errors.ts";
import { childPid } from "../platform/child.ts";
import type { Layout } from "../platform/layout.ts";
import type { Address } from "./settle.ts";

/** Those whose server does not run yet; after a crash of `up` alone the servers are still there. */
export async function checkPorts(layout: Layout, listen: Address, etcdMembers: number): Promise<void> {
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
  for (const { instanceId, ...endpoint } of await endpointsToOpen(layout)) {
    await checkPort(endpoint, `it is the endpoint of instance ${instanceId}: end what listens there`);
  }
}

const Known = Type.Object({ address: Type.String(), port: Type.Integer() });

/** Of the instances that an earlier `up` left: what the balancer noted of them, where no HAProxy runs. */
async function endpointsToOpen({ routesDir }: Layout) {
  const endpoints: (Address & { readonly instanceId: string })[] = [];
  if (!(await pathExists(routesDir))) return endpoints;
  for (const instanceId of await readdir(routesDir)) {
    const dir = join(routesDir, instanceId);
    const text = await readFile(join(dir, "known.json"), "utf8").catch(() => "null");
    const known: unknown = JSON.parse(text);
    if (!Value.Check(Known, known) || (await processesUnder(dir)).length > 0) continue;
    endpoints.push({ instanceId, address: known.address, port: known.port });
  }
  return endpoints;
}

async function checkPort({ address, port }: Address, advice: string): Promise<void> {
  const fault = await listenFault(address, port);
  if (fault) throw new CommandError(`${address}:${port} cannot be listened on (${fault.message}); ${advice}`);
}
