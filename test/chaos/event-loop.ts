/** Holds up the event loop of a running Node.js process, and nothing else of it: its other threads go on. */
import { once } from "node:events";
import { waitFor } from "@mainstay/runtime/pause.ts";

/** Where Node.js listens once it was told to by SIGUSR1: one process at a time. */
const inspector = "http://127.0.0.1:9229/json";

/** Resolves when it went on after the last of `times` stalls of `forMs`, each at another moment of its own timers. */
export async function stallEventLoop(pid: number, forMs: number, times: number): Promise<void> {
  process.kill(pid, "SIGUSR1");
  const socket = new WebSocket(await waitFor(inspectorUrl, { what: "the inspector", timeoutMs: 10_000 }));
  await once(socket, "open");
  for (let stall = 0; stall < times; stall += 1) {
    const rest = `await new Promise((resolve) => setTimeout(resolve, ${stall * 70}))`;
    const busy = `for (const until = performance.now() + ${forMs}; performance.now() < until;);`;
    await evaluate(socket, `(async () => { ${rest}; ${busy} })()`);
  }
  socket.send(request("process.getBuiltinModule('node:inspector').close()"));
  await once(socket, "close");
}

async function inspectorUrl(): Promise<string | undefined> {
  const response = await fetch(inspector).catch(() => undefined);
  const [target] = ((await response?.json()) ?? []) as { webSocketDebuggerUrl: string }[];
  return target?.webSocketDebuggerUrl;
}

async function evaluate(socket: WebSocket, expression: string): Promise<void> {
  const answered = once(socket, "message");
  socket.send(request(expression));
  const [{ data }] = (await answered) as [{ data: string }];
  if (data.includes("exceptionDetails")) throw new Error(`the inspector: ${data}`);
}

function request(expression: string): string {
  return JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression, awaitPromise: true } });
}
