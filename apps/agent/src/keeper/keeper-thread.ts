/** The agent's side of its keeper thread. */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { createSuspensionWatch } from "@mainstay/runtime/suspension.ts";
import { siblingProgram } from "../sibling-program.ts";
import type { FromKeeper, KeeperData, Lease, ToKeeper } from "./protocol.ts";

export interface KeeperThread {
  readonly lease: Lease | undefined;
  tell(message: Extract<ToKeeper, { kind: "healthy" | "adopt" }>): void;
  /** The store's revision at which it happened; rejects when it did not, or nobody knows. */
  ask(message: Extract<ToKeeper, { kind: "claim" | "set-phase" }>): Promise<bigint>;
}

export class KeeperError extends Error {
  override readonly name = "KeeperError";
  readonly fault: { readonly code: "not-done"; readonly problem: string };
  constructor(problem: string) {
    super(`keeper: ${problem}`);
    this.fault = { code: "not-done", problem };
  }
}

const answerTimeoutMs = 5_000;

/** `onLease` is called when the lease begins or ends. A keeper that fails ends the agent (`onFail`). */
export function startKeeper(
  workerData: Omit<KeeperData, "port">,
  onLease: () => void,
  onFail: (error: Error) => void,
): KeeperThread {
  const { port1: port, port2: keeperPort } = new MessageChannel();
  const worker = new Worker(siblingProgram("keeper/worker"), {
    workerData: { ...workerData, port: keeperPort } satisfies KeeperData,
    transferList: [keeperPort],
  });
  const suspension = createSuspensionWatch();
  let lease: Lease | undefined;
  let answer: Extract<FromKeeper, { kind: "done" }> | undefined;
  function hear(message: FromKeeper): void {
    if (message.kind === "done") {
      answer = message;
      return;
    }
    const isNews = (lease === undefined) !== (message.lease === undefined);
    lease = message.lease;
    suspension.start();
    if (isNews) onLease();
  }
  /** When this thread stood still, what the keeper said meanwhile is yet to be delivered. */
  function catchUp(): void {
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) hear(next.message);
  }
  port.on("message", hear);
  worker.on("error", onFail);
  worker.on("exit", (code) => onFail(new Error(`the keeper ended with code ${code}`)));
  return {
    get lease() {
      catchUp();
      return suspension.happened() ? undefined : lease;
    },
    tell: (message) => port.postMessage(message),
    async ask(message) {
      answer = undefined;
      port.postMessage(message);
      const options = { what: "the keeper's answer", timeoutMs: answerTimeoutMs, everyMs: 2 };
      const { revision, problem } = await waitFor(() => answer, options);
      if (revision === undefined) throw new KeeperError(problem);
      return revision;
    },
  };
}
