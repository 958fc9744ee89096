/** The control plane and the balancer as children, with their configuration files. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Authority } from "@mainstay/certificates/authority.ts";
import { balancerUser, controlPlaneUser } from "@mainstay/dcs/access.ts";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import type { Child } from "./child.ts";
import { databasePort, databaseSocketDir, databaseUser } from "./database.ts";
import { etcdEndpoints, etcdServerName } from "./etcd.ts";
import { writeCertificate } from "./files.ts";
import type { Layout } from "./layout.ts";
import { region, type Settings } from "./settings.ts";
import type { User } from "./user.ts";

export async function prepareControlPlane(
  layout: Layout,
  settings: Settings,
  authority: Authority,
  user: User | undefined,
): Promise<Child> {
  const dir = layout.controlPlaneDir;
  const { accessKey, secretHash, organizationId, projectId, endpointPorts, replaceAfterMs } = settings;
  const config = {
    listen: settings.listen,
    database: {
      socketDir: databaseSocketDir(layout),
      port: databasePort,
      user: databaseUser,
      database: "postgres",
    },
    store: await storeConfig(layout, settings, dir, controlPlaneUser, authority),
    compute: {
      kind: "local",
      dir: layout.dir,
      supervisor: layout.programs.supervisor,
      ...(user && { user }),
    },
    authority: { dir: layout.authorityDir },
    region,
    endpoint: {
      address: settings.listen.address,
      firstPort: endpointPorts.first,
      lastPort: endpointPorts.last,
    },
    ...(replaceAfterMs && { healing: { replaceAfterMs } }),
    initialApiKey: { accessKey, secretHash, organizationId, projectId },
  };
  return nodeChild("control-plane", layout.programs.controlPlane, dir, config);
}

export async function prepareBalancer(
  layout: Layout,
  settings: Settings,
  authority: Authority,
  user: User | undefined,
): Promise<Child> {
  const dir = layout.balancerDir;
  const config = {
    dir: layout.routesDir,
    runtimeDir: join(layout.runtimeDir, "balancer"),
    store: await storeConfig(layout, settings, dir, balancerUser, authority),
    ...(user && { user }),
  };
  return nodeChild("balancer", layout.programs.balancer, dir, config);
}

export function balancerConfigFile({ balancerDir }: Layout): string {
  return join(balancerDir, "config.json");
}

async function nodeChild(name: string, program: string, dir: string, config: object): Promise<Child> {
  const file = join(dir, "config.json");
  await writeFileDurably(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return { name, command: process.execPath, args: [program, file], cwd: dir };
}

async function storeConfig(
  layout: Layout,
  { etcdMembers }: Settings,
  dir: string,
  commonName: string,
  authority: Authority,
) {
  // HAProxy runs as another user below it.
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const request = { commonName, dnsNames: [], ipAddresses: [], usage: "client" as const, days: 3_650 };
  await writeCertificate(dir, "store", authority, undefined, request);
  return {
    endpoints: etcdEndpoints(layout, etcdMembers),
    serverName: etcdServerName,
    ca: join(dir, "ca.crt"),
    certificate: join(dir, "store.crt"),
    key: join(dir, "store.key"),
  };
}
