import { access, constants, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";
import { type Parameter, readParameters } from "./parameters.ts";

export interface FoundEngine {
  readonly major: number;
  /** As the binaries say: "15.18". */
  readonly version: string;
  readonly binDir: string;
  readonly parameters: readonly Parameter[];
}

/** What was found, by the program it was read from: a new file is read anew. */
export type KnownEngines = Map<string, FoundEngine | undefined>;

const neededPrograms = ["initdb", "postgres", "pg_basebackup", "pg_rewind", "pg_controldata"];
const layouts: readonly { readonly dir: string; readonly name: RegExp; readonly bin: string }[] = [
  { dir: "/usr/lib/postgresql", name: /^\d+$/, bin: "bin" },
  { dir: "/usr", name: /^pgsql-\d+$/, bin: "bin" },
];

/** The PostgreSQL versions installed on this machine (Debian's and PGDG's layouts), oldest first. */
export async function findEngines(
  signal: AbortSignal,
  known: KnownEngines = new Map(),
): Promise<FoundEngine[]> {
  const engines: FoundEngine[] = [];
  for (const layout of layouts) {
    const names = await readdir(layout.dir).catch(() => []);
    for (const name of names.filter((entry) => layout.name.test(entry))) {
      const engine = await findEngine(join(layout.dir, name, layout.bin), known, signal);
      if (engine) engines.push(engine);
    }
  }
  return engines.sort((a, b) => a.major - b.major);
}

async function findEngine(binDir: string, known: KnownEngines, signal: AbortSignal) {
  try {
    await Promise.all(neededPrograms.map((program) => access(join(binDir, program), constants.X_OK)));
  } catch {
    return undefined;
  }
  const { ino, size, mtimeMs } = await stat(join(binDir, "postgres"));
  const key = [binDir, ino, size, mtimeMs].join(" ");
  if (!known.has(key)) known.set(key, await readEngine(binDir, signal));
  return known.get(key);
}

async function readEngine(binDir: string, signal: AbortSignal): Promise<FoundEngine | undefined> {
  const { stdout } = await run(join(binDir, "postgres"), ["--version"], {
    cwd: "/",
    timeoutMs: 10_000,
    signal,
  });
  const version = /\(PostgreSQL\) (\d+)(\.\d+)?/.exec(stdout);
  if (!version) return undefined;
  const parameters = await readParameters(binDir, signal);
  return { major: Number(version[1]), version: `${version[1]}${version[2] ?? ""}`, binDir, parameters };
}
