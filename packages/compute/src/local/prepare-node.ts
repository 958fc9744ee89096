/** What a node finds on its host when it starts. */
import { mkdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { ComputeError, type NodeSpec } from "../compute.ts";
import { makePrivateDir, makeSharedDir, type User } from "./private-dir.ts";
import { createVolume } from "./volumes.ts";

/** A new node does not start where less is free. */
export const leastFreeBytes = 1e9;

/** Directories and files, owned by whoever the node runs as. Repeatable. */
export async function prepareNode(
  nodeDir: string,
  spec: NodeSpec,
  user: User | undefined,
  log: Log,
): Promise<void> {
  const { bavail, bsize } = await statfs(nodeDir);
  const neededBytes = Math.min(spec.volumeBytes, leastFreeBytes);
  if (bavail * bsize < neededBytes) {
    throw new ComputeError({ code: "volume-full", neededBytes, freeBytes: bavail * bsize });
  }
  const folders = new Set(["log", ...Object.keys(spec.files).map(dirname)]);
  await makeSharedDir(nodeDir, user);
  for (const folder of folders) {
    if (folder !== ".") await makePrivateDir(join(nodeDir, folder), user);
  }
  for (const [name, content] of Object.entries(spec.files)) {
    await writeFileDurably(join(nodeDir, name), content, { mode: 0o600, ...user });
  }
  const fault = await createVolume(nodeDir, spec.volumeBytes, user);
  if (fault) log.warn({ nodeId: spec.id, reason: fault }, "the volume's size is not enforced");
}

export async function makeRuntimeDir(runtimeDir: string, user: User | undefined): Promise<void> {
  await mkdir(dirname(runtimeDir), { recursive: true, mode: 0o755 });
  await makePrivateDir(runtimeDir, user);
}
