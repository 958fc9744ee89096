import { readFile } from "node:fs/promises";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly fault: { readonly code: "malformed"; readonly problems: readonly string[] };
  constructor(file: string, problems: readonly string[]) {
    super(`${file}: ${problems.join("; ")}`);
    this.fault = { code: "malformed", problems };
  }
}

/** Reads a program's configuration, JSON, once; throws with every problem at once, before anything starts. */
export async function readConfigFile<T extends TSchema>(file: string, schema: T): Promise<Static<T>> {
  const content: unknown = JSON.parse(await readFile(file, "utf8"));
  if (Value.Check(schema, content)) return content;
  const problems = Value.Errors(schema, content);
  throw new ConfigError(
    file,
    problems.map(({ instancePath, message }) => `${instancePath || "/"} ${message}`),
  );
}
