/** The keeper's thread. */
import { workerData } from "node:worker_threads";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { readPemFiles } from "@mainstay/runtime/pem-files.ts";
import { nodePaths } from "../node-paths.ts";
import { openFencerLine } from "./fencer-line.ts";
import { Keeper } from "./keeper.ts";
import type { FromKeeper, KeeperData, ToKeeper } from "./protocol.ts";

const { nodeDir, config, port } = workerData as KeeperData;
const paths = nodePaths(nodeDir, config);
const { signal } = new AbortController();
const keys = instanceKeys(config.instanceId);
const store = connectEtcd({ ...config.store, ...(await readPemFiles(paths.clientTls)) });
// The first renewal finds a connection: what is answered is of no interest.
store.get(keys.lock, { timeoutMs: 2_000, signal }).catch(() => {});
const keeper = new Keeper({
  store,
  keys,
  fencer: openFencerLine(paths.fencerSocket, signal),
  report: (message: FromKeeper) => port.postMessage(message),
  signal,
});
port.on("message", (message: ToKeeper) => void keeper.obey(message));
await keeper.run();
