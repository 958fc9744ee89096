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
  for (const path of paths) {
    await run("test", ["-r", path], { ...user, cwd: "/", timeoutMs: 5_000 }).catch(() => {
      throw new CommandError(
        `the user postgres cannot read ${path}: put it below a directory that everyone may enter (chmod o+x)`,
      );
    });
  }
}
