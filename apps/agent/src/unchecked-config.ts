import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";

/** node.json as it is. The agent checks every field (config.ts); who starts before it has no time for the parser. */
export function readUncheckedConfig(nodeDir: string): NodeConfig {
  return JSON.parse(readFileSync(join(nodeDir, "node.json"), "utf8"));
}
