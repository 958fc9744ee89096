import { readFile } from "node:fs/promises";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

const text = Type.String({ minLength: 1 });

const Config = Type.Object({
  /** Absolute: a directory per instance. */
  dir: text,
  /** Absolute and short: the runtime sockets. */
  runtimeDir: text,
  /** The last three are paths of PEM files. */
  store: Type.Object({
    endpoints: Type.Array(text, { minItems: 1 }),
    serverName: text,
    ca: text,
    certificate: text,
    key: text,
  }),
  /** Who HAProxy runs as; none: the caller. */
  user: Type.Optional(Type.Object({ uid: Type.Integer(), gid: Type.Integer() })),
});
export type Config = Static<typeof Config>;

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly fault: { readonly code: "malformed"; readonly problems: readonly string[] };
  constructor(file: string, problems: readonly string[]) {
    super(`${file}: ${problems.join("; ")}`);
    this.fault = { code: "malformed", problems };
  }
}

export async function readConfig(file: string): Promise<Config> {
  const content: unknown = JSON.parse(await readFile(file, "utf8"));
  if (Value.Check(Config, content)) return content;
  const problems = Value.Errors(Config, content);
  throw new ConfigError(
    file,
    problems.map(({ instancePath, message }) => `${instancePath} ${message}`),
  );
}
