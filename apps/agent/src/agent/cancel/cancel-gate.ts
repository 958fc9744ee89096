/**
 * The port to which the balancer leads the requests to cancel a statement. The gate looks at what the statement does
 * and passes the request on when it cannot end a commit's wait for the standby (S9). Without the gate nothing is
 * cancelled: PostgreSQL's protocol promises nothing, a lost commit would break a promise.
 */
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { cancelPort } from "@mainstay/domain/cluster.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import { readActivity, type SessionActivity } from "@mainstay/postgres/session-activity.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { connectLocal, type LocalClient } from "../local-client.ts";
import { type CancelRequest, openCancelLine, readCancelRequest } from "./cancel-request.ts";
import { decideCancel } from "./decide-cancel.ts";

/** Of one request, from its connection to its end; a client may wait for that. */
const limitMs = 1_000;
const lookAgainMs = 10;
const mostConnections = 32;

export function openCancelGate(config: NodeConfig, log: Log, signal: AbortSignal): void {
  const look = createActivityLook(config);

  async function handle(request: CancelRequest, limit: AbortSignal): Promise<void> {
    // Opened before the look: between that and PostgreSQL's signal a statement may begin to commit.
    using line = openCancelLine(join(config.runtimeDir, `.s.PGSQL.${config.port}`), limit);
    let since: string | undefined;
    let last = "PostgreSQL did not say what the session does";
    for (; !limit.aborted; await pause(lookAgainMs, limit)) {
      const session = await look(request.pid).catch(() => "unknown" as const);
      if (session === "unknown") continue;
      since ??= session?.since;
      const { action, reason } = decideCancel(session, since);
      last = reason;
      if (action === "wait") continue;
      if (action === "forward") await line.send(request);
      return;
    }
    log.info({ pid: request.pid, reason: last }, "a statement was not cancelled");
  }

  async function serve(socket: Socket): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const end = () => socket.destroy();
    socket.on("error", end);
    limit.addEventListener("abort", end, { once: true });
    const request = await readCancelRequest(socket);
    if (request) await handle(request, limit);
    // Its end tells the client that the request was dealt with.
    end();
  }

  const server = createServer((socket) => void serve(socket));
  server.maxConnections = mostConnections;
  server.on("error", (error) => {
    log.warn({ err: error }, "the cancel gate cannot be listened on");
    void pause(1_000, signal).then(listen);
  });
  const listen = () => {
    if (!signal.aborted) server.listen({ host: config.address, port: cancelPort(config) });
  };
  listen();
}

/** One session for all requests: many at once must not take the connections that are reserved for the agent. */
function createActivityLook(config: NodeConfig): (pid: number) => Promise<SessionActivity | undefined> {
  let session: Promise<LocalClient> | undefined;
  return async (pid) => {
    session ??= connectLocal(config, { queryTimeoutMs: 500 });
    const used = session;
    try {
      return await readActivity(await used, pid);
    } catch (error) {
      if (session === used) session = undefined;
      void used.then((client) => client.end()).catch(() => {});
      throw error;
    }
  };
}
