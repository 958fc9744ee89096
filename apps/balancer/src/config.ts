import { EtcdConfig } from "@mainstay/dcs/etcd-config.ts";
import { readConfigFile } from "@mainstay/runtime/config-file.ts";
import { type Static, Type } from "typebox";

const text = Type.String({ minLength: 1 });

const Config = Type.Object({
  /** Absolute: a directory per instance. */
  dir: text,
  /** Absolute and short: the runtime sockets. */
  runtimeDir: text,
  store: EtcdConfig,
  /** Who HAProxy runs as; none: the caller. */
  user: Type.Optional(Type.Object({ uid: Type.Integer(), gid: Type.Integer() })),
});
export type Config = Static<typeof Config>;

export function readConfig(file: string): Promise<Config> {
  return readConfigFile(file, Config);
}
