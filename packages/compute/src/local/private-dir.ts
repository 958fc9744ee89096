import { chmod, chown, mkdir } from "node:fs/promises";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Made or there already; `user` owns it and nobody else may enter. */
export async function makePrivateDir(path: string, user?: User): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user) await chown(path, user.uid, user.gid);
}

/** `user` may add to it and change what is its own in it, and nothing of root's: root will mount and open there. */
export async function makeSharedDir(path: string, user?: User): Promise<void> {
  await makePrivateDir(path);
  if (!user) return;
  await chown(path, 0, user.gid);
  await chmod(path, 0o1770);
}
