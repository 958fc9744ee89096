import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { listenFault } from "./listen-fault.ts";

test("a port is taken while another program listens there, and free afterwards", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.equal((await listenFault("127.0.0.1", port))?.code, "EADDRINUSE");
  server.close();
  await once(server, "close");
  assert.equal(await listenFault("127.0.0.1", port), undefined);
});

test("an address of another machine cannot be listened on", async () => {
  assert.equal((await listenFault("192.0.2.1", 9))?.code, "EADDRNOTAVAIL");
});
