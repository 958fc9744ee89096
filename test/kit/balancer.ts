/** The balancer as a process of its own, with a real HAProxy in front of one instance. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, open, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import type { EndpointSpec } from "@mainstay/domain/cluster.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { endedWhenCutShort, notWhenCutShort } from "./cut-short.ts";
import { freePort } from "./etcd.ts";
import type { TestInstance } from "./nodes.ts";
import { unprivilegedUser } from "./user.ts";

const program = join(import.meta.dirname, "../../apps/balancer/src/main.ts");
const limits = { timeoutMs: 3_000, signal: new AbortController().signal };

export interface TestBalancer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Its log, JSON lines. */
  readonly logFile: string;
  /** The balancer alone, or the HAProxy with it. */
  kill(of: "balancer" | "all"): Promise<void>;
  /** The balancer alone. */
  signal(name: NodeJS.Signals): void;
  start(): Promise<void>;
}

export async function startBalancer(instance: TestInstance): Promise<TestBalancer> {
  await using parts = new AsyncDisposableStack();
  const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-balancer-")));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o755);
  const [address, port] = ["127.0.0.1", await freePort("127.0.0.1")];
  const configFile = await writeConfig(dir, instance);
  const logFile = join(dir, "balancer.log");
  let child: ChildProcess | undefined;

  async function killBalancer(): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const exited = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGKILL");
    await exited;
  }

  const balancer = {
    address,
    port,
    logFile,
    async kill(of: "balancer" | "all") {
      await killBalancer();
      if (of === "all") await killTree(dir);
    },
    signal(name: NodeJS.Signals) {
      child?.kill(name);
    },
    async start() {
      notWhenCutShort();
      const log = await open(logFile, "a");
      child = spawn(process.execPath, [program, configFile], { cwd: dir, stdio: ["ignore", log.fd, log.fd] });
      await log.close();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  parts.defer(() => balancer.kill("all"));
  await putEndpoint(instance, address, port);
  await balancer.start();
  const running = parts.move();
  return endedWhenCutShort(balancer);
}

async function putEndpoint(instance: TestInstance, address: string, port: number): Promise<void> {
  const endpoint: EndpointSpec = {
    generation: 1,
    endpointId: instance.id,
    instanceId: instance.id,
    address,
    port,
    allowedRanges: ["127.0.0.0/8"],
  };
  const put = [{ put: instance.keys.endpoint, value: formatRecord(endpoint) }];
  await instance.store.transact([], put, limits);
}

async function writeConfig(dir: string, { etcd: { settings } }: TestInstance): Promise<string> {
  const { endpoints, serverName, ca, certificate, key } = settings;
  const files = { ca, certificate, key };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(dir, `${name}.pem`), content, { mode: 0o600 });
  }
  const paths = {
    ca: join(dir, "ca.pem"),
    certificate: join(dir, "certificate.pem"),
    key: join(dir, "key.pem"),
  };
  const config = {
    dir: join(dir, "routes"),
    runtimeDir: join(dir, "run"),
    store: { endpoints, serverName, ...paths },
    user: await unprivilegedUser(),
  };
  await writeFile(join(dir, "config.json"), JSON.stringify(config), { mode: 0o600 });
  return join(dir, "config.json");
}
