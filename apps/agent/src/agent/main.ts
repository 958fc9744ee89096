/**
 * The agent of one node: observe → decide → act, forked and outlived by its supervisor. It loads everything, the
 * keeper first and the rest beside it, and begins with its supervisor's first message; until then it is a spare.
 */
import { once } from "node:events";
import { createWaker } from "@mainstay/control-loop/run-loop.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { startKeeper } from "../keeper/keeper-thread.ts";
import type { SupervisorState, ToAgent, ToSupervisor } from "../supervisor/protocol.ts";
import { readUncheckedConfig } from "../unchecked-config.ts";

if (!process.connected) throw new Error("an agent is started by its supervisor");
const nodeDir = process.argv[2] ?? "";
const waker = createWaker();
const shutdown = new AbortController();
let supervisor: SupervisorState | undefined;

process.on("message", ({ state }: ToAgent) => {
  supervisor = state;
  if (state.shutdown !== "none") shutdown.abort();
  waker.wake();
});
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const config = readUncheckedConfig(nodeDir);
const log = createLog("agent").child({ nodeId: config.nodeId });
const fail = (error: unknown) => {
  log.error({ err: error }, "the agent failed");
  process.exit(1);
};
const keeper = startKeeper({ nodeDir, config }, () => waker.wake(), fail);
const told = once(process, "message");
const { startAgent } = await import("./start.ts");
await startAgent({
  nodeDir,
  log,
  keeper,
  waker,
  supervisor: () => supervisor,
  told,
  shutdownSignal: shutdown.signal,
  tellSupervisor: (message: ToSupervisor) => process.send?.(message),
}).catch(fail);
