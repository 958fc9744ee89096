/** How a child process ended. */
import type { ChildProcess } from "node:child_process";

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not be started: EAGAIN where there is no room for another process. */
  readonly error?: Error;
}

/** Resolves when it ended, or was found never to have begun. */
export function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", (error) => {
      // Of a running child it is a message or a signal that did not reach it.
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
  });
}
