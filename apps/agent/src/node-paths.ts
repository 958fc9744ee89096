/** Where everything of one node is. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";

export type NodePaths = ReturnType<typeof nodePaths>;

export function nodePaths(nodeDir: string, config: NodeConfig) {
  const tls = (name: string) => join(nodeDir, "tls", name);
  return {
    nodeDir,
    dataDir: join(config.volumeDir, "data"),
    /** A clone or a new database grows here and is renamed in when complete. */
    newDataDir: join(config.volumeDir, "data.new"),
    settingsFile: join(nodeDir, "postgresql.conf"),
    hbaFile: join(nodeDir, "pg_hba.conf"),
    identFile: join(nodeDir, "pg_ident.conf"),
    accessFile: join(nodeDir, "access.conf"),
    intentFile: join(nodeDir, "intent"),
    dataTermFile: join(nodeDir, "data-term"),
    highestTermFile: join(nodeDir, "highest-term"),
    postgresLog: join(nodeDir, "log", "postgresql.log"),
    pidFile: join(nodeDir, "supervisor.pid"),
    agentPidFile: join(nodeDir, "agent.pid"),
    fencerSocket: join(config.runtimeDir, "fencer.sock"),
    serverTls: { ca: tls(config.tls.ca), certificate: tls(config.tls.certificate), key: tls(config.tls.key) },
    clientTls: {
      ca: tls(config.tls.ca),
      certificate: tls(config.tls.clientCertificate),
      key: tls(config.tls.clientKey),
    },
  };
}

/** An abstract socket's name: the kernel gives it to one process and takes it back when that ends. */
export function supervisorLock(nodeDir: string): string {
  return `\0mainstay-supervisor-${createHash("sha256").update(nodeDir).digest("hex").slice(0, 32)}`;
}
