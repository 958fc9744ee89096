/** `mainstay host …`: the power switches of virtual hosts work on the directory, with or without a control plane. */

import { ComputeError } from "@mainstay/compute/compute.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { findDirectory } from "../config.ts";
import { CommandError, noPlatform } from "../errors.ts";
import { layoutOf } from "../platform/layout.ts";
import { localCompute } from "../platform/platform.ts";
import { print, printRows, type ReadOptions } from "../print.ts";

export async function printHosts(options: ReadOptions): Promise<void> {
  const hosts = await (await computeOf(options.dir)).hosts(new AbortController().signal);
  const rows = hosts.map(({ nodeIds, ...host }) => ({ ...host, nodes: nodeIds }));
  printRows(rows, ["id", "zone", "state", "nodes"], options);
}

export type Power = "kill" | "start" | "freeze" | "thaw";

const done = { kill: "is down", start: "is running", freeze: "stands still", thaw: "is running" } as const;

export async function switchHost(power: Power, hostId: string, { dir }: ReadOptions): Promise<void> {
  const compute = await computeOf(dir);
  try {
    await compute[power](hostId);
  } catch (error) {
    if (!(error instanceof ComputeError)) throw error;
    const { code } = error.fault;
    if (code === "host-not-found") throw new CommandError(`there is no host ${JSON.stringify(hostId)}`);
    throw new CommandError(code === "host-not-running" ? `${hostId} is down` : error.message);
  }
  print(`${hostId} ${done[power]}`);
}

async function computeOf(dir: string) {
  const path = await findDirectory(dir);
  if (!path) throw noPlatform(dir);
  return localCompute(layoutOf(path), createLog("cli"));
}
