import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { createProbe } from "./probe.ts";

const dir = await mkdtemp(join(tmpdir(), "mainstay-probe-"));
after(() => rm(dir, { recursive: true, force: true }));

test("an endpoint that hangs up has failed, and one whose ranges keep us out is not asked", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  const port = typeof at === "object" && at ? at.port : 0;
  const probe = createProbe(await createAuthority(dir));
  const ask = (...allowedRanges: string[]) =>
    probe({ instanceId: "i", address: "127.0.0.1", port, allowedRanges }, AbortSignal.timeout(5_000));
  assert.equal(await ask("10.0.0.0/8"), "kept-out");
  assert.equal(await ask(), "kept-out");
  assert.equal(connections, 0);
  assert.equal(await ask("10.0.0.0/8", "127.0.0.0/8"), "failed");
  assert.equal(connections, 1);
  server.close();
});
