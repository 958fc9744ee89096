import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { nodeFiles } from "./node-files.ts";
import { record } from "./seen-builders.ts";

const yearMs = 365 * 24 * 3600_000;

test("any node can found the instance, and is who it is for as long as the platform's own programs", async () => {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-authority-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const ports = { authority: await createAuthority(dir), storeAddress: { endpoints: [], serverName: "" } };
  const place = {
    hostId: "host-3",
    instanceId: "i",
    nodeDir: "/n",
    volumeDir: "/v",
    dataDir: "/v/data",
    runtimeDir: "/r",
  };
  const node = {
    id: "pg-0a1b2c3d-3",
    address: "127.0.0.9",
    port: 5432,
    state: "stopped" as const,
    supervisorPid: undefined,
    ...place,
  };
  const engine = { major: 15, version: "15.1", binDir: "/bin", parameters: [] };
  const made = record({ admin_name: "owner", admin_verifier: "SCRAM" });
  const files = await nodeFiles(made, node, engine, ports);
  const { bootstrap } = JSON.parse(files["node.json"] ?? "");
  assert.deepEqual(bootstrap, { database: "rdb", admin: { name: "owner", verifier: "SCRAM" } });
  for (const name of ["tls/server.crt", "tls/client.crt"]) {
    const { validTo } = new X509Certificate(files[name] ?? "");
    assert.ok(Date.parse(validTo) > Date.now() + 9 * yearMs, `${name} ends on ${validTo}`);
  }
});
