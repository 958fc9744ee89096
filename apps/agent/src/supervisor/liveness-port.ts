/**
 * A port on which a supervisor accepts connections and says nothing. Other members hold one open: its end tells
 * them at once that this supervisor is gone, and that it refuses new ones tells a dead node from a silent one.
 */
import { createServer } from "node:net";
import { livenessPort } from "@mainstay/domain/cluster.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { Log } from "@mainstay/runtime/log.ts";

const mostConnections = 64;

/** Without it the node works, but its loss is noticed later. */
export function openLivenessPort({ address, port }: NodeConfig, log: Log): void {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    // One whose other end vanished would take its place for ever.
    socket.setKeepAlive(true, 1_000);
    socket.resume();
  });
  server.maxConnections = mostConnections;
  server.on("error", (error) => log.warn({ err: error }, "the liveness port cannot be listened on"));
  server.listen({ host: address, port: livenessPort({ port }) });
}
