/** Our product: two real nodes, an etcd that waits for its disk, the balancer and its HAProxy. */
import { readFile } from "node:fs/promises";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startBalancer, type TestBalancer } from "@mainstay/test/kit/balancer.ts";
import { password, type TestNode } from "@mainstay/test/kit/node.ts";
import { startInstance, type TestInstance } from "@mainstay/test/kit/nodes.ts";
import type { Machine, Pair, Step, Subject } from "./subject.ts";
import { reachesPrimary } from "./writer.ts";

export async function startMainstay(): Promise<Subject> {
  await using parts = new AsyncDisposableStack();
  const instance = parts.use(await startInstance(2, { etcd: { isDurable: true } }));
  for (const node of instance.nodes) node.start();
  await instance.served({ isSync: true });
  const balancer = parts.use(await startBalancer(instance));
  const client = { host: balancer.address, port: balancer.port, user: "owner", password, database: "rdb" };
  await waitFor(() => reachesPrimary(client), {
    what: "an answer at the endpoint",
    timeoutMs: 20_000,
  });
  const running = parts.move();
  const machines = new Map(instance.nodes.map((node) => [node.id, toMachine(node)]));
  return {
    name: "Mainstay",
    client,
    keepsLeader: new Set<string>(),
    async healthy() {
      const leader = await instance.served({ isSync: true });
      await instance.forgetTakeovers();
      const other = instance.nodes.find((node) => node !== leader);
      const [primary, standby] = [machines.get(leader.id), machines.get(other?.id ?? "")];
      if (!primary || !standby) throw new Error("BUG: no pair");
      return { primary, standby };
    },
    async term() {
      const lock = await instance.lock();
      if (!lock) throw new Error("the store does not answer");
      return lock.term;
    },
    async switchover({ standby }: Pair) {
      await instance.ask({ kind: "switchover", target: standby.id, acceptLoss: false });
    },
    async restartStore() {
      for (const member of instance.etcd.members) {
        await member.kill();
        member.start();
      }
    },
    steps: (sinceMs) => readSteps(instance, balancer, sinceMs),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function toMachine(node: TestNode): Machine {
  const { network } = node;
  return {
    id: node.id,
    kill: () => node.kill(),
    start: () => node.start(),
    signal: (name) => node.signal(name),
    pid: (of) => node.pid(of),
    network: network && { cut: () => network.cut({ kind: "all" }), mend: () => network.mend() },
  };
}

/** From the logs: what agents and the balancer decided, and what the fencer and the supervisor did. */
async function readSteps(instance: TestInstance, balancer: TestBalancer, sinceMs: number): Promise<Step[]> {
  const logs = [
    ...instance.nodes.map(({ id, logFile }) => ({ who: id.slice(-1), logFile })),
    { who: "balancer", logFile: balancer.logFile },
  ];
  const steps = await Promise.all(
    logs.map(async ({ who, logFile }) =>
      (await readFile(logFile, "utf8")).split("\n").flatMap((line) => toStep(who, line)),
    ),
  );
  return steps
    .flat()
    .filter(({ atMs }) => atMs >= sinceMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}

function toStep(who: string, line: string): Step[] {
  if (!line.startsWith("{")) return [];
  const { time, name, msg, action, reason } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const what = action === undefined ? `${name}: ${msg}` : `${action}: ${reason}`;
  return [{ atMs: Date.parse(String(time)), who, what }];
}
