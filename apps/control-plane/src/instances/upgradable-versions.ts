import { createHash } from "node:crypto";
import { engineName } from "@mainstay/api-contract/engines.ts";
import type { UpgradableVersionView } from "@mainstay/api-contract/instances.ts";
import type { FoundEngine } from "@mainstay/postgres/engines.ts";

/** The majors above that one, oldest first. */
export function upgradableVersions(engines: readonly FoundEngine[], from: number): UpgradableVersionView[] {
  return engines
    .filter(({ major }) => major > from)
    .toSorted((a, b) => a.major - b.major)
    .map(({ major, version }) => {
      const name = engineName(major);
      return { id: uuidOf(name), name, version: String(major), minor_version: version };
    });
}

/** Version 8, made of a hash: the same name has the same id on every installation. */
function uuidOf(name: string): string {
  const hash = createHash("sha256").update(`upgrade to ${name}`).digest("hex");
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
