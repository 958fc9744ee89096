/** The keeper's line to the fencer: each deadline is echoed when it is in force. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import type { Deadline } from "../supervisor/protocol.ts";

export interface FencerLine {
  /** Resolves when the fencer knows the deadline; rejects after `timeoutMs`. */
  tell(deadline: Deadline, timeoutMs: number): Promise<void>;
}

/** Connects again, and says the newest deadline again, whenever the fencer was replaced. */
export function openFencerLine(socketPath: string, signal: AbortSignal): FencerLine {
  let socket: Socket | undefined;
  let newest: Deadline | undefined;
  let echoed = Number.NEGATIVE_INFINITY;

  function connectOnce(): Promise<void> {
    return new Promise((resolve) => {
      const opened = connect(socketPath);
      opened.once("connect", () => {
        socket = opened;
        if (newest) opened.write(format(newest));
      });
      opened.on("error", () => {});
      const lines = createInterface({ input: opened });
      lines.on("line", (line) => {
        echoed = Number(line);
      });
      lines.on("error", () => {}); // the socket's own, passed on; its close says enough
      opened.once("close", () => {
        socket = undefined;
        resolve();
      });
    });
  }

  async function keepConnected(): Promise<void> {
    while (!signal.aborted) {
      await connectOnce();
      await pause(20, signal);
    }
  }

  void keepConnected();
  return {
    async tell(deadline, timeoutMs) {
      newest = deadline;
      socket?.write(format(deadline));
      const isEchoed = () => echoed === deadline.deadlineMs;
      await waitFor(isEchoed, { what: "the fencer's echo", timeoutMs, everyMs: 2, signal });
    },
  };
}

function format({ deadlineMs, offsetMs }: Deadline): string {
  return `${deadlineMs} ${offsetMs}\n`;
}
