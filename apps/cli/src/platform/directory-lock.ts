/** One `up` or `down` of a directory at a time: two would start and stop each other's servers. */
import { createServer } from "node:net";
import { TimeoutError, waitFor } from "@mainstay/runtime/pause.ts";
import { CommandError } from "../errors.ts";
import { say } from "../print.ts";
import type { Layout } from "./layout.ts";

/** Waits for its turn. The kernel forgets the lock with its holder: a killed one leaves nothing behind. */
export async function lockDirectory(
  { dir, lockName }: Layout,
  timeoutMs = 180_000,
): Promise<AsyncDisposable> {
  const free = await takeName(lockName);
  if (free) return free;
  say(`waiting for another \`up\` or \`down\` of ${dir}`);
  const limits = { what: "turn", timeoutMs, everyMs: 50 };
  return waitFor(() => takeName(lockName), limits).catch((cause: unknown) => {
    if (!(cause instanceof TimeoutError)) throw cause;
    throw new CommandError(`another \`up\` or \`down\` of ${dir} does not end`, { cause });
  });
}

/** Undefined: another process has it. */
function takeName(name: string): Promise<AsyncDisposable | undefined> {
  const server = createServer((socket) => socket.destroy());
  const release = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve({ [Symbol.asyncDispose]: release }));
  });
}
