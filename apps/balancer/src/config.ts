import { readConfigFile } from "@mainstay/runtime/config-file.ts";
import { type Static, Type } from "typebox";

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

export function readConfig(file: string): Promise<Config> {
  return readConfigFile(file, Config);
}
