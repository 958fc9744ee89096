import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { createAuthority } from "./authority.ts";

const request = { commonName: "node.pg-1", dnsNames: [], ipAddresses: [], usage: "client", days: 1 } as const;

async function withDirectory(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "authority-"));
  try {
    await use(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

test("an authority is made once, with a private key file", () =>
  withDirectory(async (dir) => {
    const { caPem } = await createAuthority(dir);
    assert.equal((await createAuthority(dir)).caPem, caPem);
    assert.equal((await stat(join(dir, "ca.key"))).mode & 0o777, 0o600);
  }));

test("a common name that would inject another subject is refused", () =>
  withDirectory(async (dir) => {
    const authority = await createAuthority(dir);
    for (const commonName of ['mallory"postgres"', "a,CN=b", "A", "", "a b", "a\n", "x".repeat(64)]) {
      await assert.rejects(authority.issue({ ...request, commonName }), { name: "CertificateError" });
    }
  }));

test("server and client know each other by their certificates", () =>
  withDirectory(async (dir) => {
    const authority = await createAuthority(dir);
    const ca = authority.caPem;
    const names = { dnsNames: ["pg-1"], ipAddresses: ["127.0.0.1"] };
    const own = await authority.issue({ ...request, ...names, commonName: "pg-1", usage: "server" });
    const peer = await authority.issue(request);
    const server = createServer({ ca, cert: own.certificatePem, key: own.keyPem, requestCert: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect({
      ...{ ca, cert: peer.certificatePem, key: peer.keyPem },
      ...{ host: "127.0.0.1", port, servername: "pg-1" },
    });
    const [[accepted]] = await Promise.all([once(server, "secureConnection"), once(socket, "secureConnect")]);
    assert.equal(socket.authorized, true);
    assert.equal(accepted.getPeerCertificate().subject.CN, "node.pg-1");
    socket.destroy();
    accepted.destroy();
    server.close();
  }));
