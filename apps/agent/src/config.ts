/** Reads node.json, which the control plane wrote when it made the node. */
import { join } from "node:path";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import { readConfigFile } from "@mainstay/runtime/config-file.ts";
import { Type } from "typebox";

const text = Type.String({ minLength: 1 });
const size = Type.Number({ exclusiveMinimum: 0 });

const Schema = Type.Object({
  nodeId: Type.String({ pattern: "^pg-[0-9a-f]{8}-[0-9]+$" }),
  instanceId: text,
  engineMajor: Type.Integer({ minimum: 13 }),
  binDir: text,
  address: text,
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  volumeDir: text,
  runtimeDir: text,
  volumeBytes: size,
  memoryBytes: size,
  vcpus: size,
  store: Type.Object({ endpoints: Type.Array(text, { minItems: 1 }), serverName: text }),
  tls: Type.Object({ ca: text, certificate: text, key: text, clientCertificate: text, clientKey: text }),
  bootstrap: Type.Optional(
    Type.Object({
      database: text,
      admin: Type.Union([Type.Object({ name: text, verifier: text }), Type.Null()]),
    }),
  ),
});

export function readNodeConfig(nodeDir: string): Promise<NodeConfig> {
  return readConfigFile(join(nodeDir, "node.json"), Schema);
}
