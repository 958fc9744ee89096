/** The members of the platform's etcd: mutual TLS for clients and between members, on loopback addresses. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Authority } from "@mainstay/certificates/authority.ts";
import { etcdElections } from "@mainstay/dcs/etcd-elections.ts";
import type { Child } from "./child.ts";
import { giveTo, writeCertificate } from "./files.ts";
import type { Layout } from "./layout.ts";
import type { User } from "./user.ts";

export const etcdServerName = "etcd.mainstay.internal";

export function etcdEndpoints(layout: Layout, members: number): string[] {
  return numbers(members).map((number) => `https://${layout.address(number)}:2379`);
}

export async function prepareEtcd(
  layout: Layout,
  members: number,
  authority: Authority,
  user: User | undefined,
): Promise<Child[]> {
  return Promise.all(
    numbers(members).map((number) => prepareMember(layout, number, members, authority, user)),
  );
}

async function prepareMember(
  layout: Layout,
  number: number,
  members: number,
  authority: Authority,
  user: User | undefined,
): Promise<Child> {
  const dir = layout.etcdDir(number);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await giveTo(user, dir);
  await writeCertificate(dir, "member", authority, user, {
    commonName: `etcd-${number}`,
    dnsNames: [etcdServerName],
    // Members check where a call comes from, and calls on the loopback come from 127.0.0.1.
    ipAddresses: [layout.address(number), "127.0.0.1"],
    usage: "peer",
    days: 3_650,
  });
  return {
    name: `etcd-${number}`,
    command: "etcd",
    args: memberArguments(layout, number, members),
    env: etcdElections,
    cwd: dir,
    user,
  };
}

function memberArguments(layout: Layout, number: number, members: number): string[] {
  const dir = layout.etcdDir(number);
  const peer = (member: number) => `https://${layout.address(member)}:2380`;
  const client = `https://${layout.address(number)}:2379`;
  const [certificate, key, ca] = [join(dir, "member.crt"), join(dir, "member.key"), join(dir, "ca.crt")];
  return [
    `--name=etcd-${number}`,
    `--data-dir=${join(dir, "data")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer(number)}`,
    `--initial-advertise-peer-urls=${peer(number)}`,
    `--initial-cluster=${numbers(members)
      .map((member) => `etcd-${member}=${peer(member)}`)
      .join(",")}`,
    `--cert-file=${certificate}`,
    `--key-file=${key}`,
    `--trusted-ca-file=${ca}`,
    "--client-cert-auth",
    `--peer-cert-file=${certificate}`,
    `--peer-key-file=${key}`,
    `--peer-trusted-ca-file=${ca}`,
    "--peer-client-cert-auth",
    // Watches begin with a fresh list, so no history is needed; the file stays small.
    "--auto-compaction-mode=revision",
    "--auto-compaction-retention=10000",
  ];
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
