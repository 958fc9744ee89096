import { loadAuthority } from "@mainstay/certificates/authority.ts";
import { createLocalCompute } from "@mainstay/compute/local/local-compute.ts";
import { connectEtcdAccess } from "@mainstay/dcs/etcd-access.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { readPemFiles } from "@mainstay/runtime/pem-files.ts";
import { defaultReplaceAfterMs, readConfig } from "./config.ts";
import { startControlPlane } from "./control-plane.ts";
import { createProbe } from "./reconcile/instance/probe.ts";

const log = createLog("control-plane");

async function main(path: string): Promise<void> {
  const stop = new Promise<string>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  const config = await readConfig(path);
  const settings = { ...config.store, ...(await readPemFiles(config.store)) };
  await using store = connectEtcd(settings);
  await using access = connectEtcdAccess(settings);
  const authority = await loadAuthority(config.authority.dir);
  const { dir, supervisor, user } = config.compute;
  const compute = await createLocalCompute({ dir, supervisor, log, ...(user && { user }) });
  const { listen, database, region, endpoint, initialApiKey } = config;
  const replaceAfterMs = config.healing?.replaceAfterMs ?? defaultReplaceAfterMs;
  const storeAddress = { endpoints: config.store.endpoints, serverName: config.store.serverName };
  const options = {
    listen,
    database,
    region,
    endpointPorts: endpoint,
    initialApiKey,
    storeAddress,
    replaceAfterMs,
  };
  const ports = { store, access, compute, authority, probe: createProbe(authority), log };
  await using _running = await startControlPlane(options, ports);
  log.info({ signal: await stop }, "stopping");
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  log.error({}, "usage: main.ts CONFIG.json");
  process.exit(2);
}
try {
  await main(path);
  process.exit(0);
} catch (error) {
  log.error({ err: error }, "cannot run");
  process.exit(1);
}
