import { EtcdConfig } from "@mainstay/dcs/etcd-config.ts";
import { ConfigError, readConfigFile } from "@mainstay/runtime/config-file.ts";
import { type Static, Type } from "typebox";

const text = Type.String({ minLength: 1 });
const port = Type.Integer({ minimum: 1, maximum: 65_535 });
const uuid = Type.String({ pattern: "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$" });

const Config = Type.Object({
  listen: Type.Object({ address: text, port: Type.Integer({ minimum: 0, maximum: 65_535 }) }),
  database: Type.Object({ socketDir: text, port, user: text, database: text }),
  store: EtcdConfig,
  compute: Type.Object({
    kind: Type.Literal("local"),
    dir: text,
    supervisor: text,
    user: Type.Optional(Type.Object({ uid: Type.Integer(), gid: Type.Integer() })),
  }),
  authority: Type.Object({ dir: text }),
  region: Type.String({ pattern: "^[a-z]{2}-[a-z]{3}$" }),
  endpoint: Type.Object({ address: text, firstPort: port, lastPort: port }),
  /** A node that stays lost for this long is replaced by a new one on another host. */
  healing: Type.Optional(Type.Object({ replaceAfterMs: Type.Integer({ minimum: 1_000 }) })),
  initialApiKey: Type.Object({
    accessKey: Type.String({ pattern: "^SCW[A-Z0-9]{17}$" }),
    secretHash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    organizationId: uuid,
    projectId: uuid,
  }),
});
export type Config = Static<typeof Config>;

export const defaultReplaceAfterMs = 30_000;

export async function readConfig(file: string): Promise<Config> {
  const config = await readConfigFile(file, Config);
  const { firstPort, lastPort } = config.endpoint;
  if (lastPort < firstPort) throw new ConfigError(file, ["/endpoint/lastPort must not be below firstPort"]);
  return config;
}
