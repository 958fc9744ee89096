/** `node.json`: what the control plane tells a node at its creation. Everything else comes through the store. */
export interface NodeConfig {
  readonly nodeId: string;
  readonly instanceId: string;
  readonly engineMajor: number;
  readonly binDir: string;
  readonly address: string;
  readonly port: number;
  /** Absolute: holds `data` (PGDATA), and nothing the supervisor or the keeper need to run. */
  readonly volumeDir: string;
  /** Absolute and short (unix sockets): PostgreSQL's socket and the fencer's. */
  readonly runtimeDir: string;
  readonly volumeBytes: number;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly store: { readonly endpoints: readonly string[]; readonly serverName: string };
  /** File names beside node.json. */
  readonly tls: {
    readonly ca: string;
    readonly certificate: string;
    readonly key: string;
    readonly clientCertificate: string;
    readonly clientKey: string;
  };
  /** What the node that initialises the instance makes there. */
  readonly bootstrap?: {
    readonly database: string;
    /** The SCRAM verifier, never the password. null: an instance without a first user. */
    readonly admin: { readonly name: string; readonly verifier: string } | null;
  };
}
