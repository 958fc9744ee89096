import { run } from "@mainstay/runtime/run.ts";

/** The user that PostgreSQL runs as: `postgres` for root, else the caller. */
export async function unprivilegedUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  const id = async (flag: string) =>
    Number((await run("id", [flag, "postgres"], { timeoutMs: 5_000 })).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
