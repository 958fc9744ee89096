/** PostgreSQL's configuration files of this node, rendered whole each time from what is wanted now. */
import { userInfo } from "node:os";
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { Upstream } from "@mainstay/postgres/conninfo.ts";
import { maxConnections } from "@mainstay/postgres/plan-settings.ts";
import { renderAccess, renderHba, renderIdent } from "@mainstay/postgres/render-access.ts";
import { renderSettings } from "@mainstay/postgres/render-settings.ts";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import type { NodePaths } from "../node-paths.ts";

export interface Wanted {
  readonly syncStandbys: readonly string[];
  /** The member it follows; undefined: nobody. */
  readonly upstream: string | undefined;
}

export function createSettingsFiles(config: NodeConfig, paths: NodePaths) {
  const mode = { mode: 0o600 };

  function upstreamOf(spec: ClusterSpec, nodeId: string): Upstream {
    const member = spec.members.find(({ id }) => id === nodeId);
    if (!member) throw new Error(`${nodeId} is no member of the instance`);
    return { nodeId, address: member.address, port: member.port, tls: paths.clientTls };
  }

  return {
    upstreamOf,
    async writeSettings(spec: ClusterSpec, { syncStandbys, upstream }: Wanted): Promise<void> {
      const settings = renderSettings({
        ...config,
        maxConnections: maxConnections(config.memoryBytes),
        syncStandbys,
        ...(upstream !== undefined && { upstream: upstreamOf(spec, upstream) }),
        tls: paths.serverTls,
        hbaFile: paths.hbaFile,
        identFile: paths.identFile,
        accessFile: paths.accessFile,
      });
      await writeFileDurably(paths.settingsFile, settings, mode);
    },
    async writeAccess(access: "open" | "closed"): Promise<void> {
      const { username } = userInfo();
      const ident = renderIdent({ osUser: username, instanceId: config.instanceId });
      await Promise.all([
        writeFileDurably(paths.identFile, ident, mode),
        writeFileDurably(paths.hbaFile, renderHba({ access }), mode),
        writeFileDurably(paths.accessFile, renderAccess(access), mode),
      ]);
    },
  };
}
