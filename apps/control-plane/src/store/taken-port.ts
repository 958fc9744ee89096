import { createServer } from "node:net";

/**
 * Whether another program of this machine listens there: an endpoint on that port would never answer. An address of
 * another machine, where balancers may run, cannot be asked about, and is not taken.
 */
export function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve("code" in error && error.code === "EADDRINUSE"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
