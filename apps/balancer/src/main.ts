/**
 * The balancer: `main.ts CONFIG` follows the store until SIGTERM and leaves every HAProxy running; SIGUSR2 ends
 * them too. `main.ts CONFIG --stop-all` ends them without a balancer.
 */
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { readPemFiles } from "@mainstay/runtime/pem-files.ts";
import { runBalancer, stopAll } from "./balancer-loop.ts";
import { readConfig } from "./config.ts";

const config = await readConfig(process.argv[2] ?? "");
const log = createLog("balancer");
const controller = new AbortController();
let isStoppingAll = process.argv.includes("--stop-all");

process.on("SIGTERM", () => controller.abort());
process.on("SIGINT", () => controller.abort());
process.on("SIGUSR2", () => {
  isStoppingAll = true;
  controller.abort();
});

if (!isStoppingAll) {
  await using store = connectEtcd({ ...config.store, ...(await readPemFiles(config.store)) });
  await runBalancer(config, store, log, controller.signal);
}
if (isStoppingAll) await stopAll(config);
