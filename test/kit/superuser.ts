import { join } from "node:path";
import { superuser } from "@mainstay/postgres/init-database.ts";
import { run } from "@mainstay/runtime/run.ts";
import { newestEngine } from "./engine.ts";
import type { TestNode } from "./node.ts";
import { unprivilegedUser } from "./user.ts";

/** What one statement of the platform's superuser prints, over the node's unix socket; with a signal it may take long. */
export async function asSuperuser(
  { dir }: TestNode,
  statement: string,
  signal?: AbortSignal,
): Promise<string> {
  const { binDir } = await newestEngine();
  const args = ["-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", join(dir, "run"), "-U", superuser, "postgres"];
  const options = {
    ...(await unprivilegedUser()),
    ...{ cwd: dir, input: statement, timeoutMs: signal ? 60_000 : 10_000 },
    ...(signal && { signal }),
  };
  return (await run(join(binDir, "psql"), args, options)).stdout.trim();
}
