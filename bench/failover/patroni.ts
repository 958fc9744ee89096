/** Patroni with the fastest settings it accepts, an etcd of its own, and HAProxy asking its REST API. */
import { type ChildProcess, spawn } from "node:child_process";
import { access, chown, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { killTree, signalTree } from "@mainstay/runtime/process-tree.ts";
import { newestEngine } from "@mainstay/test/kit/engine.ts";
import { freePort } from "@mainstay/test/kit/etcd.ts";
import { unprivilegedUser } from "@mainstay/test/kit/user.ts";
import { haproxyConfig, password, patroniConfig } from "./patroni-config.ts";
import type { Machine, Pair, Subject } from "./subject.ts";
import { reachesPrimary } from "./writer.ts";

const programs = ["/usr/bin/patroni", "/usr/bin/etcd", "/usr/sbin/haproxy"];
const path = "/usr/sbin:/usr/bin:/bin";

/** The programs that are not installed. */
export async function missingPrograms(): Promise<string[]> {
  const looks = programs.map((program) =>
    access(program).then(
      () => [],
      () => [program],
    ),
  );
  return (await Promise.all(looks)).flat();
}

export async function startPatroni(): Promise<Subject> {
  await using parts = new AsyncDisposableStack();
  const user = await unprivilegedUser();
  const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-patroni-")));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  await chown(dir, user.uid, user.gid);
  const etcd = parts.use(await startStore(dir));
  const machines = [1, 2].map((number) => `127.14.0.${number}`);
  const nodes: PatroniNode[] = [];
  for (const address of machines) {
    nodes.push(parts.use(await makeNode(dir, address, etcd.port, user)));
  }
  for (const node of nodes) node.start();
  const pair = () => findPair(nodes);
  await waitFor(pair, { what: "Patroni's pair", timeoutMs: 90_000, everyMs: 200 });
  const port = await freePort("127.0.0.1");
  parts.use(await startHaproxy(dir, port, machines));
  const client = { host: "127.0.0.1", port, user: "postgres", password, database: "postgres" };
  // Until its first checks have failed, HAProxy takes a standby for a primary.
  let inARow = 0;
  const look = async () => {
    inARow = (await reachesPrimary(client)) ? inARow + 1 : 0;
    return inARow > 10;
  };
  await waitFor(look, { what: "the primary behind HAProxy", timeoutMs: 30_000, everyMs: 200 });
  const running = parts.move();
  return {
    name: "Patroni",
    client,
    keepsLeader: new Set(["postmaster-killed", "postmaster-frozen"]),
    healthy: () => waitFor(pair, { what: "Patroni's pair", timeoutMs: 120_000, everyMs: 100 }),
    term: () => newestTimeline(nodes),
    async switchover({ primary, standby }: Pair) {
      const body = JSON.stringify({ leader: primary.id, candidate: standby.id });
      await fetch(`http://${primary.id}:8008/switchover`, { method: "POST", body });
    },
    restartStore: () => etcd.restart(),
    steps: async () => [],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface PatroniNode extends Machine, AsyncDisposable {}

type User = Awaited<ReturnType<typeof unprivilegedUser>>;

async function makeNode(dir: string, address: string, storePort: number, user: User): Promise<PatroniNode> {
  const nodeDir = join(dir, address);
  await mkdir(nodeDir, { mode: 0o700 });
  await chown(nodeDir, user.uid, user.gid);
  const { binDir } = await newestEngine();
  const file = join(nodeDir, "patroni.json");
  await writeFile(file, JSON.stringify(patroniConfig({ nodeDir, address, binDir, storePort })), {
    mode: 0o600,
  });
  await chown(file, user.uid, user.gid);
  let child: ChildProcess | undefined;
  let isOn = false;

  function start(): void {
    isOn = true;
    const started = spawn("/usr/bin/python3", ["/usr/bin/patroni", file], {
      ...user,
      cwd: nodeDir,
      env: { PATH: path, LC_ALL: "C" },
      stdio: "ignore",
      detached: true,
    });
    child = started;
    // As its service would.
    started.once("exit", () => void pause(100).then(() => isOn && child === started && start()));
  }

  async function kill(): Promise<void> {
    isOn = false;
    child?.kill("SIGKILL");
    await killTree(nodeDir);
  }

  return {
    id: address,
    kill,
    start,
    async signal(name) {
      child?.kill(name);
      await signalTree(nodeDir, name);
    },
    async pid(of) {
      if (of === "agent") return child?.pid ?? 0;
      return Number((await readFile(join(nodeDir, "data/postmaster.pid"), "utf8")).split("\n")[0]);
    },
    network: undefined,
    [Symbol.asyncDispose]: kill,
  };
}

interface ClusterView {
  readonly members: readonly {
    readonly name: string;
    readonly role: string;
    readonly state: string;
    readonly timeline?: number;
  }[];
}

async function clusterView(nodes: readonly PatroniNode[]): Promise<ClusterView> {
  const ask = async ({ id }: PatroniNode) => {
    const answer = await fetch(`http://${id}:8008/cluster`, { signal: AbortSignal.timeout(1_000) });
    return (await answer.json()) as ClusterView;
  };
  return Promise.any(nodes.map(ask));
}

async function findPair(nodes: readonly PatroniNode[]): Promise<Pair | undefined> {
  const view = await clusterView(nodes).catch(() => undefined);
  const named = (role: string) => {
    const member = view?.members.find((one) => one.role === role && /running|streaming/.test(one.state));
    return nodes.find(({ id }) => id === member?.name);
  };
  const [primary, standby] = [named("leader"), named("sync_standby")];
  return primary && standby && { primary, standby };
}

async function newestTimeline(nodes: readonly PatroniNode[]): Promise<number> {
  const { members } = await clusterView(nodes);
  return Math.max(...members.map(({ timeline }) => timeline ?? 0));
}

async function startStore(dir: string) {
  const [port, peerPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const args = [
    "--name=one",
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=one=${peerUrl}`,
  ];
  let child = spawn("/usr/bin/etcd", args, { cwd: dir, stdio: "ignore" });
  const kill = async () => {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  };
  return {
    port,
    async restart() {
      await kill();
      child = spawn("/usr/bin/etcd", args, { cwd: dir, stdio: "ignore" });
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function startHaproxy(dir: string, port: number, addresses: readonly string[]) {
  const file = join(dir, "haproxy.cfg");
  await writeFile(file, haproxyConfig(port, addresses));
  const child = spawn("/usr/sbin/haproxy", ["-db", "-f", file], { cwd: dir, stdio: "ignore" });
  return {
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await exited;
    },
  };
}
