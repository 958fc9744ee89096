import { quoteConninfo } from "./quote.ts";

/** Absolute paths. */
export interface ClientTlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Upstream {
  readonly nodeId: string;
  readonly address: string;
  readonly port: number;
  readonly tls: ClientTlsFiles;
}

export const replicationRole = "_rdb_replication";

/**
 * How a node reaches another node's PostgreSQL, without secrets. The server certificate must carry the node id
 * as a DNS name: `host` is what is verified (and what tells the upstream's id), `hostaddr` is where to connect.
 */
export function renderConninfo(
  upstream: Upstream,
  options: { applicationName: string; database?: string },
): string {
  return quoteConninfo({
    host: upstream.nodeId,
    hostaddr: upstream.address,
    port: upstream.port,
    user: replicationRole,
    ...(options.database === undefined ? {} : { dbname: options.database }),
    application_name: options.applicationName,
    sslmode: "verify-full",
    sslrootcert: upstream.tls.ca,
    sslcert: upstream.tls.certificate,
    sslkey: upstream.tls.key,
    gssencmode: "disable",
    connect_timeout: 3,
    keepalives: 1,
    keepalives_idle: 2,
    keepalives_interval: 1,
    keepalives_count: 3,
    tcp_user_timeout: 5000,
  });
}

/** The node id in a conninfo made by renderConninfo; undefined when it names none. */
export function upstreamOf(conninfo: string): string | undefined {
  return /(?:^| )host='([^'\\]+)'/.exec(conninfo)?.[1];
}
