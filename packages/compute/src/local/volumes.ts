/**
 * The volume of a node: a file system of the plan's size in a sparse file, mounted through a loop device. Where
 * nothing can be mounted it is a plain directory, and the disk below it the only limit.
 */
import { randomUUID } from "node:crypto";
import { link, mkdtemp, open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathExists, syncDirectory } from "@mainstay/runtime/files.ts";
import { type RunResult, run } from "@mainstay/runtime/run.ts";
import { makePrivateDir, type User } from "./private-dir.ts";

const mountOptions = "loop,noatime,nosuid,nodev";
const probeBytes = 2_000_000;

/**
 * Repeatable; a volume that exists is left as it is. Resolves to why it is a plain directory, undefined when its
 * size is enforced.
 */
export async function createVolume(
  nodeDir: string,
  bytes: number,
  user: User | undefined,
): Promise<string | undefined> {
  if (await pathExists(imageOf(nodeDir))) return undefined;
  const fault = await volumeFault(nodeDir);
  // A mount point is root's, so that nothing can be written below the mount.
  await makePrivateDir(volumeDirOf(nodeDir), fault === undefined ? undefined : user);
  if (fault === undefined) await createImage(imageOf(nodeDir), bytes, user);
  return fault;
}

/** Whole or not at all; never in the place of another one, which may hold data by now. */
async function createImage(image: string, bytes: number, user?: User): Promise<void> {
  const beside = `${image}.${randomUUID()}.new`;
  try {
    await makeFileSystem(beside, bytes, user);
    await link(beside, image).catch(ignoreExisting);
  } finally {
    await rm(beside, { force: true });
  }
  await syncDirectory(dirname(image));
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}

/** After it the volume is there or the promise has rejected: a node never writes below an empty mount point. */
export async function attachVolume(nodeDir: string): Promise<void> {
  if (!(await pathExists(imageOf(nodeDir))) || (await isAttached(nodeDir))) return;
  await runTool("mount", ["-o", mountOptions, imageOf(nodeDir), volumeDirOf(nodeDir)]);
}

/** Lazily: somebody's shell in the directory keeps its view, and keeps nothing else waiting. */
export async function detachVolume(nodeDir: string): Promise<void> {
  while (await isAttached(nodeDir)) {
    await runTool("umount", ["--lazy", volumeDirOf(nodeDir)]);
  }
}

/** Why the size of volumes cannot be enforced here, found by trying it; undefined when it can. */
export async function volumeFault(dir: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root may mount them";
  const probe = await mkdtemp(join(dir, "volume-probe-"));
  const image = imageOf(probe);
  try {
    await createImage(image, probeBytes);
    // In a mount namespace that ends with the program: whatever happens, no mount is left.
    await runTool("unshare", ["--mount", "mount", "-o", mountOptions, image, probe]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

export function volumeDirOf(nodeDir: string): string {
  return join(nodeDir, "volume");
}

function imageOf(nodeDir: string): string {
  return join(nodeDir, "volume.img");
}

/** No blocks are kept for root, and what can be initialised later is, so that it takes milliseconds. */
async function makeFileSystem(image: string, bytes: number, user?: User): Promise<void> {
  const file = await open(image, "w", 0o600);
  await file.truncate(bytes);
  await file.close();
  const owner = user ? `,root_owner=${user.uid}:${user.gid}` : "";
  const options = `lazy_itable_init=1,lazy_journal_init=1,nodiscard${owner}`;
  await runTool("mkfs.ext4", ["-q", "-F", "-m", "0", "-E", options, image]);
}

function runTool(command: string, args: readonly string[]): Promise<RunResult> {
  return run(command, args, {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    timeoutMs: 30_000,
  });
}

async function isAttached(nodeDir: string): Promise<boolean> {
  const volume = await stat(volumeDirOf(nodeDir)).catch(() => undefined);
  return volume !== undefined && volume.dev !== (await stat(nodeDir)).dev;
}
