import { createServer } from "node:net";

/** Why nothing can listen there, as Node says it (`code` EADDRINUSE: another program does); undefined: one can. */
export function listenFault(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
