/** Holds up the event loop of a running Node.js process, and nothing else of it: its other threads go on. */
import { once } from "node:events";
import { waitFor } from "@mainstay/runtime/pause.ts";

/** Where Node.js listens once it was told to by SIGUSR1: one process at a time. */
const inspector = "http://127.0.0.1:9229/json";
const close = "process.getBuiltinModule('node:inspector').close()";

/** Resolves when it went on after the last of `times` stalls of `forMs`, each at another moment of its own timers. */
export async function stallEventLoop(pid: number, forMs: number, times: number): Promise<void> {
  process.kill(pid, "SIGUSR1");
  const socket = new WebSocket(await waitFor(inspectorUrl, { what: "the inspector", timeoutMs: 10_000 }));
  await once(socket, "open");
  try {
    const asked = await evaluate(socket, "process.pid");
    if (asked !== pid) throw new Error(`${asked} has the inspector's port, not ${pid}`);
    for (let stall = 0; stall < times; stall += 1) {
      const rest = `await new Promise((resolve) => setTimeout(resolve, ${stall * 70}))`;
      const busy = `for (const until = performance.now() + ${forMs}; performance.now() < until;);`;
      await evaluate(socket, `(async () => { ${rest}; ${busy} })()`);
    }
    // Its answer is the connection's end.
    await evaluate(socket, close).catch(() => {});
  } finally {
    socket.close();
  }
}

async function inspectorUrl(): Promise<string | undefined> {
  const response = await fetch(inspector).catch(() => undefined);
  const [target] = ((await response?.json()) ?? []) as { webSocketDebuggerUrl: string }[];
  return target?.webSocketDebuggerUrl;
}

async function evaluate(socket: WebSocket, expression: string): Promise<unknown> {
  const params = { expression, awaitPromise: true };
  const answered = Promise.race([once(socket, "message"), once(socket, "close")]);
  socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
  const [{ data }] = (await answered) as [{ data?: string }];
  if (data === undefined) throw new Error("the process ended, or its inspector did");
  const { result } = JSON.parse(data) as {
    result: { result: { value?: unknown }; exceptionDetails?: unknown };
  };
  if (result.exceptionDetails) throw new Error(`the inspector: ${data}`);
  return result.result.value;
}
