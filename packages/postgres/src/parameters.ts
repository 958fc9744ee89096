import { join } from "node:path";
import { run } from "@mainstay/runtime/run.ts";

/** A configuration parameter, as the server's program describes it. Numbers are in PostgreSQL's own unit. */
export interface Parameter {
  readonly name: string;
  /** `postmaster`: takes a restart. */
  readonly context: string;
  readonly type: "BOOLEAN" | "INTEGER" | "REAL" | "STRING" | "ENUM";
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly description: string;
}

/** Everything that `postgres` of that version knows; no server has to run. (Its defaults are of no use: zeros.) */
export async function readParameters(binDir: string, signal: AbortSignal): Promise<Parameter[]> {
  const options = { cwd: "/", timeoutMs: 10_000, env: { LC_ALL: "C" }, signal };
  const { stdout } = await run(join(binDir, "postgres"), ["--describe-config"], options);
  return stdout.split("\n").flatMap((line) => parseParameter(line) ?? []);
}

const types = ["BOOLEAN", "INTEGER", "REAL", "STRING", "ENUM"] as const;

/** name, context, group, type, default, least, most, description, more of it; between tabs. */
export function parseParameter(line: string): Parameter | undefined {
  const [name = "", context = "", , word, , min, max, description = ""] = line.split("\t");
  const type = types.find((known) => known === word);
  if (!type) return undefined;
  return { name, context, type, min: numberOf(min), max: numberOf(max), description };
}

function numberOf(text = ""): number | undefined {
  return text === "" ? undefined : Number(text);
}
