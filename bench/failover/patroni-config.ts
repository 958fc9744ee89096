/** Patroni's and its HAProxy's configuration: the shortest times that Patroni does not refuse. Pure. */
import { join } from "node:path";

export const password = "Secret-of-a-bench-1";

export interface PatroniInput {
  readonly nodeDir: string;
  readonly address: string;
  readonly binDir: string;
  readonly storePort: number;
}

export function patroniConfig({ nodeDir, address, binDir, storePort }: PatroniInput): object {
  const hba = ["local all all trust", "host all all 127.0.0.0/8 scram-sha-256"];
  return {
    scope: "bench",
    name: address,
    restapi: { listen: `${address}:8008`, connect_address: `${address}:8008` },
    etcd3: { host: `127.0.0.1:${storePort}` },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 1,
        retry_timeout: 3,
        synchronous_mode: true,
        postgresql: { use_pg_rewind: true, use_slots: true },
      },
      initdb: ["data-checksums", { encoding: "UTF8" }],
    },
    postgresql: {
      listen: `${address}:5432`,
      connect_address: `${address}:5432`,
      data_dir: join(nodeDir, "data"),
      bin_dir: binDir,
      pgpass: join(nodeDir, "pgpass"),
      pg_hba: [...hba, "host replication all 127.0.0.0/8 scram-sha-256"],
      authentication: {
        superuser: { username: "postgres", password },
        replication: { username: "replicator", password },
        rewind: { username: "rewinder", password },
      },
      parameters: { unix_socket_directories: nodeDir, password_encryption: "scram-sha-256" },
    },
  };
}

export function haproxyConfig(port: number, addresses: readonly string[]): string {
  const servers = addresses.map((address, index) => `  server n${index} ${address}:5432 check port 8008`);
  return `defaults
  mode tcp
  retries 0
  timeout connect 1s
  timeout client 30m
  timeout server 30m
  timeout check 1s
listen postgres
  bind 127.0.0.1:${port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
${servers.join("\n")}
`;
}
