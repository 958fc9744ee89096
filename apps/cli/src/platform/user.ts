import { dirname } from "node:path";
import { run } from "@mainstay/runtime/run.ts";
import { CommandError } from "../errors.ts";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who servers and nodes run as: `postgres` when the caller is root, else (undefined) the caller. */
export async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string) => {
    const { stdout } = await run("id", [flag, "postgres"], { timeoutMs: 5_000 }).catch((cause: unknown) => {
      throw new CommandError("there is no user `postgres`: install the package postgresql", { cause });
    });
    return Number(stdout);
  };
  return { uid: await id("-u"), gid: await id("-g") };
}

/** PostgreSQL never runs as root, so that user must be able to read the program and to reach the directory. */
export async function checkReach(user: User | undefined, paths: readonly string[]): Promise<void> {
  if (!user) return;
  const mayRead = (path: string) =>
    run("test", ["-r", path, "-a", "-x", dirname(path)], { ...user, cwd: "/", timeoutMs: 5_000 }).then(
      () => true,
      () => false,
    );
  for (const path of paths) {
    if (await mayRead(path)) continue;
    const closed = await firstUnreadable(path, mayRead);
    throw new CommandError(
      `the user postgres cannot enter ${closed}, and PostgreSQL does not run as root: ` +
        `run \`chmod o+x ${closed}\`, or use a directory that everyone may enter, such as /srv`,
    );
  }
}

async function firstUnreadable(path: string, mayRead: (path: string) => Promise<boolean>): Promise<string> {
  const parent = dirname(path);
  if (parent === path || (await mayRead(parent))) return path;
  return firstUnreadable(parent, mayRead);
}
