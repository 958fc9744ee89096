/** A real etcd of one member on a loopback address of its own, with mutual TLS, in a temporary directory. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import type { EtcdSettings } from "@mainstay/dcs/etcd-connection.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";

const serverName = "etcd.mainstay.internal";
const never = new AbortController().signal;

export interface TestEtcd extends AsyncDisposable {
  readonly settings: EtcdSettings;
  /** Holds the authority (`ca`) that issued the member's certificate. */
  readonly dir: string;
  signal(name: NodeJS.Signals): void;
}

export async function startEtcd(address = "127.0.0.1"): Promise<TestEtcd> {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-etcd-"));
  const authority = await createAuthority(join(dir, "ca"));
  const names = { dnsNames: [serverName], ipAddresses: [address], days: 1 };
  const server = await authority.issue({ ...names, commonName: "etcd", usage: "server" });
  const client = await authority.issue({ ...names, commonName: "test", usage: "client" });
  await writeFile(join(dir, "ca.crt"), authority.caPem);
  await writeFile(join(dir, "server.crt"), server.certificatePem);
  await writeFile(join(dir, "server.key"), server.keyPem, { mode: 0o600 });
  const [port, peerPort] = [await freePort(address), await freePort(address)];
  const endpoint = `https://${address}:${port}`;
  const child = spawn("etcd", etcdArguments(dir, endpoint, `http://${address}:${peerPort}`), {
    cwd: dir,
    stdio: "ignore",
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const settings = {
    endpoints: [endpoint],
    serverName,
    ca: authority.caPem,
    certificate: client.certificatePem,
    key: client.keyPem,
  };
  const etcd = {
    settings,
    dir,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await waitFor(() => answers(settings), { what: "etcd's first answer", timeoutMs: 20_000, everyMs: 50 });
    return etcd;
  } catch (error) {
    await etcd[Symbol.asyncDispose]();
    throw error;
  }
}

function etcdArguments(dir: string, clientUrl: string, peerUrl: string): string[] {
  const file = (name: string) => join(dir, name);
  return [
    "--name=test",
    `--data-dir=${file("data")}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    `--cert-file=${file("server.crt")}`,
    `--key-file=${file("server.key")}`,
    `--trusted-ca-file=${file("ca.crt")}`,
    "--client-cert-auth",
    "--heartbeat-interval=50",
    "--election-timeout=500",
    "--unsafe-no-fsync",
  ];
}

async function answers(settings: EtcdSettings): Promise<true | undefined> {
  await using store = connectEtcd(settings);
  return await store
    .get("/ready", { timeoutMs: 1_000, signal: never })
    .then(() => true as const)
    .catch(() => undefined);
}

export function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound ? bound.port : 0));
    });
  });
}
