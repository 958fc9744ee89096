/**
 * A wall clock of its own for one node, which a test sets, by libfaketime. Its processes read from a file how far
 * they are ahead; the machine's clock, and every monotonic one, stay as they are.
 */
import { chmod, glob, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathExists } from "@mainstay/runtime/files.ts";

export interface FakeClock {
  /** For the node's Node processes. */
  readonly env: Readonly<Record<string, string>>;
  /** PostgreSQL's programs; its server gets the clock too. */
  readonly binDir: string;
  /** From now on the node's wall clock is this far ahead of the machine's. */
  set(aheadS: number): Promise<void>;
}

/** Undefined where libfaketime is not installed. `dir` is made, and keeps the clock's files. */
export async function createFakeClock(dir: string, binDir: string): Promise<FakeClock | undefined> {
  const library = await findLibrary();
  if (library === undefined) return undefined;
  await mkdir(dir);
  const file = join(dir, "ahead");
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  const set = async (aheadS: number) => {
    // At once: its readers would take half a file for a time.
    await writeFile(`${file}.new`, `${aheadS < 0 ? "" : "+"}${aheadS}\n`);
    await rename(`${file}.new`, file);
  };
  await set(0);
  await wrapServer(join(dir, "bin"), binDir, env);
  return { env, binDir: join(dir, "bin"), set };
}

async function findLibrary(): Promise<string | undefined> {
  for await (const file of glob("/usr/lib*/{,*/}faketime/libfaketimeMT.so.1")) return file;
  return undefined;
}

/** The supervisor gives PostgreSQL an environment of its own. */
async function wrapServer(dir: string, binDir: string, env: FakeClock["env"]): Promise<void> {
  await mkdir(dir);
  for (const name of await readdir(binDir)) {
    if (name !== "postgres") await symlink(join(binDir, name), join(dir, name));
  }
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const script = `#!/bin/sh\n${settings.join(" ")} exec '${join(binDir, "postgres")}' "$@"\n`;
  await writeFile(join(dir, "postgres"), script);
  await chmod(join(dir, "postgres"), 0o755);
}

/** What libfaketime leaves behind of processes that were killed. */
export async function sweepFakeClocks(): Promise<void> {
  for (const name of await readdir("/dev/shm")) {
    const pid = /^(?:sem\.)?faketime_s(?:em|hm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !(await pathExists(`/proc/${pid}`)))
      await rm(`/dev/shm/${name}`, { force: true });
  }
}
