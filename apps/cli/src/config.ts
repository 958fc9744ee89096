/** The command line's environment: the only place that reads it. */
import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";

export const directoryDefault = process.env.MAINSTAY_DIR ?? ".mainstay";

/** Where the person stands: the launcher changes the directory. */
export const callerDirectory = process.env.MAINSTAY_CALLER_DIR ?? process.cwd();

/** As a real path, made if it is not there. */
export async function makeDirectory(dir: string): Promise<string> {
  const path = resolve(callerDirectory, dir);
  // Nodes run as another user and must reach their own directories below.
  await mkdir(path, { recursive: true, mode: 0o755 });
  return realpath(path);
}

export async function findDirectory(dir: string): Promise<string | undefined> {
  return realpath(resolve(callerDirectory, dir)).catch(() => undefined);
}
