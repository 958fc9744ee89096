import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";

export interface FoundEngine {
  readonly major: number;
  /** As the binaries say: "15.18". */
  readonly version: string;
  readonly binDir: string;
}

const neededPrograms = ["initdb", "postgres", "pg_basebackup", "pg_rewind", "pg_controldata"];
const layouts: readonly { readonly dir: string; readonly name: RegExp; readonly bin: string }[] = [
  { dir: "/usr/lib/postgresql", name: /^\d+$/, bin: "bin" },
  { dir: "/usr", name: /^pgsql-\d+$/, bin: "bin" },
];

/** The PostgreSQL versions installed on this machine (Debian's and PGDG's layouts), oldest first. */
export async function findEngines(signal: AbortSignal): Promise<FoundEngine[]> {
  const engines: FoundEngine[] = [];
  for (const layout of layouts) {
    const names = await readdir(layout.dir).catch(() => []);
    for (const name of names.filter((entry) => layout.name.test(entry))) {
      const engine = await readEngine(join(layout.dir, name, layout.bin), signal);
      if (engine) engines.push(engine);
    }
  }
  return engines.sort((a, b) => a.major - b.major);
}

async function readEngine(binDir: string, signal: AbortSignal): Promise<FoundEngine | undefined> {
  try {
    await Promise.all(neededPrograms.map((program) => access(join(binDir, program), constants.X_OK)));
  } catch {
    return undefined;
  }
  const { stdout } = await run(join(binDir, "postgres"), ["--version"], {
    cwd: "/",
    timeoutMs: 10_000,
    signal,
  });
  const version = /\(PostgreSQL\) (\d+)(\.\d+)?/.exec(stdout);
  if (!version) return undefined;
  return { major: Number(version[1]), version: `${version[1]}${version[2] ?? ""}`, binDir };
}
