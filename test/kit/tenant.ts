import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";
import { newestEngine } from "./engine.ts";
import { password } from "./node.ts";

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly input?: string;
  /** Left out: libpq's own choice, which takes TLS where it is offered. */
  readonly sslMode?: "disable";
}

/** What one of PostgreSQL's client programs prints, as the user that was made with the instance. */
export async function asTenant(
  { host, port }: { readonly host: string; readonly port: number },
  program: "pgbench" | "pg_dump" | "psql",
  args: readonly string[],
  { timeoutMs, input, sslMode }: ProgramOptions,
): Promise<string> {
  const { binDir } = await newestEngine();
  const target = ["-h", host, "-p", String(port), "-U", "owner", "rdb"];
  const env = {
    ...{ PGPASSWORD: password, PATH: "/usr/bin:/bin", LC_ALL: "C" },
    ...(sslMode && { PGSSLMODE: sslMode }),
  };
  const options = { env, timeoutMs, ...(input !== undefined && { input }) };
  return (await run(join(binDir, program), [...args, ...target], options)).stdout;
}
