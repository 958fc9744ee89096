/** Files that survive a crash whole: the old content or the new, never half of it. */
import { chown, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

export interface FileOptions {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Writes beside, syncs, renames into place and syncs the directory. */
export async function writeFileDurably(path: string, content: string, options: FileOptions): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  const file = await open(beside, "w", options.mode);
  try {
    await file.chmod(options.mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  if (options.uid !== undefined && options.gid !== undefined) await chown(beside, options.uid, options.gid);
  await rename(beside, path);
  await syncDirectory(dirname(path));
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
