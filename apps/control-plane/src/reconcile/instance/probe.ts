import { createSocket } from "node:dgram";
import { once } from "node:events";
import { checkServerIdentity } from "node:tls";
import type { Authority, IssuedCertificate } from "@mainstay/certificates/authority.ts";
import { allows } from "@mainstay/runtime/ranges.ts";
import pg from "pg";

export interface ProbeTarget {
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  readonly allowedRanges: readonly string[];
}

/** kept-out: its ranges do not allow this address, so it cannot be asked. */
export type ProbeOutcome = "answered" | "failed" | "kept-out";

/** Whether a query through the endpoint succeeds. A failure is an answer, not an error. */
export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeOutcome>;

const limitMs = 2_000;

/** Asks `select 1` as the probe role, with a client certificate made for each instance once per process. */
export function createProbe(authority: Authority): Probe {
  const certificates = new Map<string, Promise<IssuedCertificate>>();
  const certificateOf = (instanceId: string) => {
    const known = certificates.get(instanceId);
    if (known) return known;
    const commonName = `control.${instanceId}`;
    const issued = authority.issue({ commonName, dnsNames: [], ipAddresses: [], usage: "client", days: 1 });
    certificates.set(instanceId, issued);
    return issued;
  };
  return async (target, signal) => {
    if (!allows(target.allowedRanges, await sourceAddress(target))) return "kept-out";
    const { certificatePem, keyPem } = await certificateOf(target.instanceId);
    const isAnswered = await ask(target, authority.caPem, certificatePem, keyPem, signal);
    if (isAnswered) certificates.delete(target.instanceId); // it is asked no more
    return isAnswered ? "answered" : "failed";
  };
}

/** Where a connection there would come from. Nothing is sent. */
async function sourceAddress({ address, port }: ProbeTarget): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.connect(port, address);
    await once(socket, "connect");
    return socket.address().address;
  } finally {
    socket.close();
  }
}

async function ask(
  { address, port }: ProbeTarget,
  ca: string,
  cert: string,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const client = new pg.Client({
    host: address,
    port,
    user: "_rdb_probe",
    database: "postgres",
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
    ssl: { ca, cert, key, checkServerIdentity: (_name, peer) => checkServerIdentity(address, peer) },
  });
  client.on("error", () => {}); // what matters rejects below
  const stop = () => void client.end().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    signal.removeEventListener("abort", stop);
    await client.end().catch(() => {});
  }
}
