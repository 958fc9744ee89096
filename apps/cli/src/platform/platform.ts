/** A whole platform on this machine: what runs it, and what ends it. */
import { mkdir, rm } from "node:fs/promises";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { createHosts } from "@mainstay/compute/local/hosts.ts";
import { buildImage } from "@mainstay/compute/local/image.ts";
import { createLocalCompute } from "@mainstay/compute/local/local-compute.ts";
import { pathExists } from "@mainstay/runtime/files.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { limitLogs } from "@mainstay/runtime/log-limit.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { run } from "@mainstay/runtime/run.ts";
import { keepChild, stopChild } from "./child.ts";
import { prepareDatabase } from "./database.ts";
import { prepareEtcd } from "./etcd.ts";
import type { Layout } from "./layout.ts";
import { balancerConfigFile, prepareBalancer, prepareControlPlane } from "./servers.ts";
import { region, type Settings } from "./settings.ts";
import { serverUser } from "./user.ts";

/** Prepares everything and keeps it running until aborted; then all of it is still running. */
export async function runPlatform(
  layout: Layout,
  settings: Settings,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const user = await serverUser();
  await mkdir(layout.runtimeDir, { recursive: true, mode: 0o755 });
  const authority = await createAuthority(layout.authorityDir);
  await buildImage(layout.agentSources, layout.imageDir);
  await createHosts(layout.dir, settings.hosts, region);
  const children = [
    ...(await prepareEtcd(layout, settings.etcdMembers, authority, user)),
    await prepareDatabase(layout, user, signal),
    await prepareControlPlane(layout, settings, authority, user),
    await prepareBalancer(layout, settings, authority, user),
  ];
  const compute = await localCompute(layout, log);
  await Promise.all([
    ...children.map((child) => keepChild(layout, child, log, signal)),
    compute.keepNodesRunning(signal),
    limitLogs(layout.logDir, {
      signal,
      onFault: (err) => log.warn({ err }, "the logs could not be limited"),
    }),
  ]);
}

export async function localCompute(layout: Layout, log: Log) {
  const user = await serverUser();
  return createLocalCompute({
    dir: layout.dir,
    supervisor: layout.programs.supervisor,
    log,
    ...(user && { user }),
  });
}

/**
 * Ends everything of the directory, whoever started it, in the order that loses nothing: nobody may start nodes
 * anew, databases shut down while the store still takes their last word, then what they needed.
 */
export async function stopPlatform(layout: Layout, settings: Settings, log: Log): Promise<void> {
  await stopChild(layout, "control-plane", "SIGTERM", 15_000);
  await (await localCompute(layout, log)).stopAll(new AbortController().signal);
  await stopChild(layout, "balancer", "SIGTERM", 5_000);
  const config = balancerConfigFile(layout);
  if (await pathExists(config)) {
    const args = [layout.programs.balancer, config, "--stop-all"];
    await run(process.execPath, args, { cwd: layout.balancerDir, timeoutMs: 20_000 });
  }
  await stopChild(layout, "database", "SIGINT", 20_000);
  for (let member = settings.etcdMembers; member >= 1; member--) {
    await stopChild(layout, `etcd-${member}`, "SIGTERM", 10_000);
  }
  await killTree(layout.dir);
  await rm(layout.runtimeDir, { recursive: true, force: true });
}
