/** The agent of one node: observe → decide → act, forked and outlived by its supervisor. */

import { createWaker } from "@mainstay/control-loop/run-loop.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { openPrefixView } from "@mainstay/dcs/prefix-view.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { readNodeConfig } from "../config.ts";
import { startKeeper } from "../keeper/keeper-thread.ts";
import { nodePaths } from "../node-paths.ts";
import { storeSettings } from "../store-settings.ts";
import type { SupervisorState, ToAgent, ToSupervisor } from "../supervisor/protocol.ts";
import { runAgent } from "./agent-loop.ts";
import { openDisk } from "./disk.ts";
import { createMemory } from "./memory.ts";
import { createSettingsFiles } from "./settings-files.ts";

const nodeDir = process.argv[2] ?? "";
const { signal } = new AbortController();
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

const config = await readNodeConfig(nodeDir);
const paths = nodePaths(nodeDir, config);
const log = createLog("agent").child({ nodeId: config.nodeId });
const fail = (error: unknown) => {
  log.error({ err: error }, "the agent failed");
  process.exit(1);
};
const wake = () => waker.wake();
const keeper = startKeeper({ nodeDir, config }, wake, fail);
await waitFor(() => supervisor, { what: "the supervisor's state", timeoutMs: 5_000, everyMs: 5 });

const store = connectEtcd(await storeSettings(config, paths));
const keys = instanceKeys(config.instanceId);
await runAgent(
  {
    config,
    paths,
    program: { binDir: config.binDir, cwd: nodeDir },
    disk: await openDisk(paths),
    memory: createMemory(),
    settings: createSettingsFiles(config, paths),
    keeper,
    store,
    keys,
    view: openPrefixView(store, keys.prefix, wake, signal),
    log,
    supervisor: () => supervisor ?? fail("BUG: no supervisor"),
    shutdownSignal: shutdown.signal,
    tellSupervisor: (message: ToSupervisor) => process.send?.(message),
    wake,
  },
  waker,
  signal,
).catch(fail);
