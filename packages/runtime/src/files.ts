/** Files that survive a crash whole: the old content or the new, never half of it. */
import { access, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { threadId } from "node:worker_threads";

export interface FileOptions {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

let writes = 0;

/** Writes beside, syncs, renames into place and syncs the directory. A write that fails leaves nothing behind. */
export async function writeFileDurably(path: string, content: string, options: FileOptions): Promise<void> {
  const beside = `${path}.${process.pid}.${threadId}.${++writes}.new`;
  try {
    await writeWhole(beside, content, options);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeWhole(path: string, content: string, { mode, uid, gid }: FileOptions): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.chmod(mode);
    if (uid !== undefined && gid !== undefined) await file.chown(uid, gid);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** It needs no quotes in any syntax: HAProxy's, PostgreSQL's, a shell's. */
export function isPlainPath(path: string): boolean {
  return /^\/[\w./-]+$/.test(path);
}

export async function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes creations, renames and removals in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
