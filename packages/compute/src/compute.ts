/** The port to where nodes run. Implementations: local, memory; both pass compute-contract.ts. */
import type { FoundEngine } from "@mainstay/postgres/engines.ts";

export interface Host {
  readonly id: string;
  readonly zone: string;
  readonly state: "running" | "down" | "frozen";
  readonly nodeIds: readonly string[];
}

/** Desired. The id comes from the desired state, so a create repeated after a crash finds the first one. */
export interface NodeSpec {
  readonly id: string;
  readonly instanceId: string;
  readonly hostId: string;
  readonly engineMajor: number;
  readonly volumeBytes: number;
  /** Files put into the node's directory with mode 600 before it starts; never logged. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Node {
  readonly id: string;
  readonly instanceId: string;
  readonly hostId: string;
  readonly state: "running" | "stopped";
  /** Its own address; PostgreSQL listens there on `port` (5432). */
  readonly address: string;
  readonly port: number;
  /** Absolute. The node's own directory; its volume (data inside) and its short runtime directory (unix sockets). */
  readonly nodeDir: string;
  readonly volumeDir: string;
  readonly runtimeDir: string;
  readonly dataDir: string;
  readonly supervisorPid: number | undefined;
}

export interface Compute {
  hosts(signal: AbortSignal): Promise<readonly Host[]>;
  engines(signal: AbortSignal): Promise<readonly FoundEngine[]>;
  nodes(signal: AbortSignal): Promise<readonly Node[]>;
  /** Reserves the node's address and volume, without starting it: its certificate needs the address. */
  reserveNode(id: string, instanceId: string, hostId: string, signal: AbortSignal): Promise<Node>;
  /** Writes the files and starts the node. Repeatable. */
  startNode(spec: NodeSpec, signal: AbortSignal): Promise<Node>;
  /** Stops the node whatever state it is in, removes its volume and frees its address. Repeatable. */
  deleteNode(id: string, signal: AbortSignal): Promise<void>;
}

/** Power switches of virtual hosts: local and memory only. */
export interface HostPower {
  /** Power cut: every process of the host is killed at once. */
  kill(hostId: string): Promise<void>;
  start(hostId: string): Promise<void>;
  /** SIGSTOP of everything on it. */
  freeze(hostId: string): Promise<void>;
  thaw(hostId: string): Promise<void>;
}

export class ComputeError extends Error {
  override readonly name = "ComputeError";
  readonly fault:
    | { readonly code: "host-not-found"; readonly hostId: string }
    | { readonly code: "host-not-running"; readonly hostId: string }
    | { readonly code: "engine-not-found"; readonly engineMajor: number }
    | { readonly code: "node-not-reserved"; readonly nodeId: string }
    | { readonly code: "no-address-left" }
    | { readonly code: "volume-full"; readonly neededBytes: number; readonly freeBytes: number };
  constructor(fault: ComputeError["fault"], options?: ErrorOptions) {
    super(`compute: ${fault.code}`, options);
    this.fault = fault;
  }
}
