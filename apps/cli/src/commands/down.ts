/** `mainstay down`: ends everything that `up` started, and only that. */
import { readdir, rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createLog } from "@mainstay/runtime/log.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import { findDirectory } from "../config.ts";
import { CommandError, noPlatform } from "../errors.ts";
import { stopChild } from "../platform/child.ts";
import { lockDirectory } from "../platform/directory-lock.ts";
import { type Layout, layoutOf } from "../platform/layout.ts";
import { stopPlatform } from "../platform/platform.ts";
import { readSettings } from "../platform/settings.ts";
import { print, say } from "../print.ts";

export async function down({ dir, purge }: { dir: string; purge?: boolean }): Promise<void> {
  const path = await findDirectory(dir);
  if (path === undefined) throw noPlatform(dir);
  const layout = layoutOf(path);
  await using _turn = await lockDirectory(layout);
  const settings = await readSettings(layout);
  if (!settings) throw noPlatform(dir);
  say("shutting down the databases");
  await stopChild(layout, "platform", "SIGTERM", 15_000);
  await stopPlatform(layout, settings, createLog("down"));
  const left = await processesUnder(layout.dir);
  if (left.length > 0)
    throw new CommandError(`processes ${left.join(", ")} of ${layout.dir} could not be ended`);
  if (purge) await removeAll(layout);
  print(purge ? "stopped, and all data deleted" : "stopped; the data stays");
}

/** What a platform makes in its directory. */
const own =
  /^(addresses|authority|balancer|connection\.env.*|control-plane|database|etcd-\d+|hosts|image.*|log|pids|platform\.json\..+|volume-probe-.*)$/;

/** What else lies there, and a directory that is a mount point, stays. By its settings file another try finds it. */
async function removeAll({ dir, settingsFile }: Layout): Promise<void> {
  const names = (await readdir(dir)).filter((name) => own.test(name));
  for (const name of [...names, basename(settingsFile)]) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
  await rmdir(dir).catch(() => say(`${dir} itself stays: it holds something else, or is a mount point`));
}
