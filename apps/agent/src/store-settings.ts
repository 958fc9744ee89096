import { readFile } from "node:fs/promises";
import type { EtcdSettings } from "@mainstay/dcs/etcd-connection.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { NodePaths } from "./node-paths.ts";

/** How this node reaches the store: with its own client certificate. */
export async function storeSettings(config: NodeConfig, paths: NodePaths): Promise<EtcdSettings> {
  const [ca, certificate, key] = await Promise.all([
    readFile(paths.clientTls.ca, "utf8"),
    readFile(paths.clientTls.certificate, "utf8"),
    readFile(paths.clientTls.key, "utf8"),
  ]);
  return { ...config.store, ca, certificate, key };
}
