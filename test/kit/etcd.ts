/** A real etcd on loopback, with mutual TLS for clients, in a temporary directory. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import type { EtcdSettings } from "@mainstay/dcs/etcd-connection.ts";
import { etcdElections } from "@mainstay/dcs/etcd-elections.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { run } from "@mainstay/runtime/run.ts";
import { endedWhenCutShort, notWhenCutShort } from "./cut-short.ts";

const address = "127.0.0.1";
const serverName = "etcd.mainstay.internal";
const never = new AbortController().signal;

export interface TestEtcd extends AsyncDisposable {
  readonly settings: EtcdSettings;
  /** Holds the authority (`ca`) that issued the members' certificate. */
  readonly dir: string;
  readonly members: readonly TestEtcdMember[];
  /** To every member. */
  signal(name: NodeJS.Signals): void;
}

export interface TestEtcdMember {
  readonly settings: EtcdSettings;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  start(): void;
}

export interface EtcdOptions {
  readonly members?: 1 | 3;
  /** It waits for its disk, as in production. */
  readonly isDurable?: boolean;
}

export async function startEtcd({ members = 1, isDurable = false }: EtcdOptions = {}): Promise<TestEtcd> {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-etcd-"));
  const certificates = await writeCertificates(dir);
  const places = await Promise.all(Array.from({ length: members }, (_, index) => placeOf(index + 1)));
  const endpoints = places.map(({ clientUrl }) => clientUrl);
  const waitsForDisk = isDurable || !(await canLeaveSyncOut());
  const running = places.map((place) => {
    const args = etcdArguments(dir, place, places, waitsForDisk);
    return startMember(dir, args, { ...certificates, endpoints: [place.clientUrl] });
  });
  const settings = { ...certificates, endpoints };
  const etcd = endedWhenCutShort({
    settings,
    dir,
    members: running,
    signal: (name: NodeJS.Signals) => {
      for (const member of running) member.signal(name);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((member) => member.kill()));
      await rm(dir, { recursive: true, force: true });
    },
  });
  try {
    await waitFor(() => answers(settings), { what: "etcd's first answer", timeoutMs: 20_000, everyMs: 50 });
    return etcd;
  } catch (error) {
    await etcd[Symbol.asyncDispose]();
    throw error;
  }
}

/** Versions before 3.4 do not know the option. */
async function canLeaveSyncOut(): Promise<boolean> {
  const { stdout } = await run("etcd", ["--version"], { timeoutMs: 10_000 });
  return !/^etcd Version: (2|3\.[0-3])\./m.test(stdout);
}

function startMember(dir: string, args: readonly string[], settings: EtcdSettings): TestEtcdMember {
  let child: ChildProcess;
  let exited: Promise<unknown>;
  function start(): void {
    notWhenCutShort();
    const env = { ...process.env, ...etcdElections };
    child = spawn("etcd", args, { cwd: dir, env, stdio: "ignore" });
    exited = new Promise((resolve) => child.once("exit", resolve));
  }
  start();
  return {
    settings,
    start,
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

interface Place {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

async function placeOf(number: number): Promise<Place> {
  const [port, peerPort] = [await freePort(address), await freePort(address)];
  return {
    name: `etcd-${number}`,
    clientUrl: `https://${address}:${port}`,
    peerUrl: `http://${address}:${peerPort}`,
  };
}

async function writeCertificates(dir: string): Promise<Omit<EtcdSettings, "endpoints">> {
  const authority = await createAuthority(join(dir, "ca"));
  const names = { dnsNames: [serverName], ipAddresses: [address], days: 1 };
  const server = await authority.issue({ ...names, commonName: "etcd", usage: "server" });
  const client = await authority.issue({ ...names, commonName: "test", usage: "client" });
  await writeFile(join(dir, "ca.crt"), authority.caPem);
  await writeFile(join(dir, "server.crt"), server.certificatePem);
  await writeFile(join(dir, "server.key"), server.keyPem, { mode: 0o600 });
  return { serverName, ca: authority.caPem, certificate: client.certificatePem, key: client.keyPem };
}

function etcdArguments(dir: string, own: Place, all: readonly Place[], waitsForDisk: boolean): string[] {
  const file = (name: string) => join(dir, name);
  return [
    `--name=${own.name}`,
    `--data-dir=${file(own.name)}`,
    `--listen-client-urls=${own.clientUrl}`,
    `--advertise-client-urls=${own.clientUrl}`,
    `--listen-peer-urls=${own.peerUrl}`,
    `--initial-advertise-peer-urls=${own.peerUrl}`,
    `--initial-cluster=${all.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",")}`,
    `--cert-file=${file("server.crt")}`,
    `--key-file=${file("server.key")}`,
    `--trusted-ca-file=${file("ca.crt")}`,
    "--client-cert-auth",
    ...(waitsForDisk ? [] : ["--unsafe-no-fsync"]),
  ];
}

async function answers(settings: EtcdSettings): Promise<true | undefined> {
  await using store = connectEtcd(settings);
  return await store
    .get("/ready", { timeoutMs: 1_000, signal: never })
    .then(() => true as const)
    .catch(() => undefined);
}

export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound ? bound.port : 0));
    });
  });
}
