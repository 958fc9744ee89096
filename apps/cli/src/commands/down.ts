/** `mainstay down`: ends everything that `up` started, and only that. */
import { rm } from "node:fs/promises";
import { createLog } from "@mainstay/runtime/log.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import { findDirectory } from "../config.ts";
import { CommandError } from "../errors.ts";
import { stopChild } from "../platform/child.ts";
import { lockDirectory } from "../platform/directory-lock.ts";
import { layoutOf } from "../platform/layout.ts";
import { stopPlatform } from "../platform/platform.ts";
import { readSettings } from "../platform/settings.ts";
import { print, say } from "../print.ts";

export async function down({ dir, purge }: { dir: string; purge?: boolean }): Promise<void> {
  const path = await findDirectory(dir);
  if (path === undefined) throw new CommandError(`there is no platform in ${dir}`);
  const layout = layoutOf(path);
  await using _turn = await lockDirectory(layout);
  const settings = await readSettings(layout);
  if (!settings) throw new CommandError(`there is no platform in ${dir}`);
  say("shutting down the databases");
  await stopChild(layout, "platform", "SIGTERM", 15_000);
  await stopPlatform(layout, settings, createLog("down"));
  const left = await processesUnder(layout.dir);
  if (left.length > 0)
    throw new CommandError(`processes ${left.join(", ")} of ${layout.dir} could not be ended`);
  if (purge) await rm(layout.dir, { recursive: true, force: true });
  print(purge ? "stopped, and all data deleted" : "stopped; the data stays");
}
