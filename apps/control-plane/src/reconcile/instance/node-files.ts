import { findPlan } from "@mainstay/api-contract/plans.ts";
import type { Authority } from "@mainstay/certificates/authority.ts";
import type { Node } from "@mainstay/compute/compute.ts";
import { nodeUser } from "@mainstay/dcs/access.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { FoundEngine } from "@mainstay/postgres/engines.ts";
import type { InstanceRecord } from "../../store/instances.ts";

export interface NodeFilesPorts {
  readonly authority: Authority;
  /** For agents: how to reach the store; their certificates are their own. */
  readonly storeAddress: NodeConfig["store"];
}

/** As all that the platform's own programs show each other: nobody issues them again. */
const certificateDays = 3_650;

const tls = {
  ca: "ca.crt",
  certificate: "server.crt",
  key: "server.key",
  clientCertificate: "client.crt",
  clientKey: "client.key",
} as const;

/** The files a node starts with: what it is, and who it is. */
export async function nodeFiles(
  record: InstanceRecord,
  node: Node,
  engine: FoundEngine,
  { authority, storeAddress }: NodeFilesPorts,
): Promise<Record<string, string>> {
  const endpointAddresses = record.endpoint ? [record.endpoint.address] : [];
  const [server, client] = await Promise.all([
    authority.issue({
      commonName: node.id,
      dnsNames: [node.id],
      ipAddresses: [...new Set([node.address, ...endpointAddresses])],
      usage: "server",
      days: certificateDays,
    }),
    authority.issue({
      commonName: nodeUser(node.id),
      dnsNames: [],
      ipAddresses: [],
      usage: "client",
      days: certificateDays,
    }),
  ]);
  return {
    "node.json": JSON.stringify(nodeConfig(record, node, engine, storeAddress), null, 2),
    [`tls/${tls.ca}`]: authority.caPem,
    [`tls/${tls.certificate}`]: server.certificatePem,
    [`tls/${tls.key}`]: server.keyPem,
    [`tls/${tls.clientCertificate}`]: client.certificatePem,
    [`tls/${tls.clientKey}`]: client.keyPem,
  };
}

function nodeConfig(
  { instance }: InstanceRecord,
  node: Node,
  engine: FoundEngine,
  store: NodeConfig["store"],
): NodeConfig {
  const plan = findPlan(instance.plan);
  if (!plan) throw new Error(`BUG: instance ${instance.id} has the unknown plan ${instance.plan}`);
  const { admin_name: name, admin_verifier: verifier } = instance;
  const admin = name !== null && verifier !== null ? { name, verifier } : null;
  return {
    nodeId: node.id,
    instanceId: instance.id,
    engineMajor: instance.engine_major,
    binDir: engine.binDir,
    address: node.address,
    port: node.port,
    volumeDir: node.volumeDir,
    runtimeDir: node.runtimeDir,
    volumeBytes: plan.volumeBytes,
    memoryBytes: plan.memoryBytes,
    vcpus: plan.vcpus,
    store,
    tls,
    // Whichever founds the instance: the first to be placed may have been replaced by then.
    bootstrap: { database: "rdb", admin },
  };
}
