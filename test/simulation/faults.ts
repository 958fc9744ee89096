/** What can go wrong, each for a while; a schedule is a list of these. */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import type { SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import fc from "fast-check";
import type { Random } from "./clock.ts";
import type { Process } from "./process.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode, World } from "./sim-node.ts";
import { storeName } from "./sim-store.ts";

export const faultKinds = [
  "crash node",
  "lose node silently",
  "freeze agent",
  "kill agent",
  "freeze node",
  "freeze postgres",
  "freeze fencer",
  "kill postmaster",
  "cut off from store",
  "cut replication",
  "cut one direction",
  "isolate node",
  "store away",
  "stop node",
  "stop platform",
  "switchover",
] as const;

export interface Fault {
  readonly kind: (typeof faultKinds)[number];
  /** Which node it hits, counted among those there are. */
  readonly node: number;
  /** How long after the fault before it begins, and how long it lasts. */
  readonly afterMs: number;
  readonly forMs: number;
}

export const anyFault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...faultKinds),
  node: fc.nat(2),
  afterMs: fc.integer({ min: 0, max: 5_000 }),
  forMs: fc.oneof(fc.integer({ min: 20, max: 2_500 }), fc.integer({ min: 2_500, max: 16_000 })),
});

/** For runs without fast-check: the same distribution from a seed. */
export function randomFaults(random: Random): Fault[] {
  const count = Math.floor(random.between(1, 20));
  return Array.from({ length: count }, () => ({
    kind: faultKinds[Math.floor(random.between(0, faultKinds.length))] ?? "crash node",
    node: Math.floor(random.between(0, 3)),
    afterMs: Math.round(random.between(0, 5_000)),
    forMs: Math.round(random.chance(0.5) ? random.between(20, 2_500) : random.between(2_500, 16_000)),
  }));
}

/** Begins the fault and returns what ends it. */
export function begin({ kind, node: number }: Fault, nodes: readonly SimNode[], world: World): () => void {
  const node = nodes[number % nodes.length];
  if (!node) throw new Error("BUG: a cluster without nodes");
  const others = nodes.filter((other) => other !== node).map(({ id }) => id);
  switch (kind) {
    case "crash node":
      node.crash("killed");
      return () => node.start();
    case "lose node silently":
      node.crash("silent");
      return () => node.start();
    case "freeze agent":
      return freeze(node, node.supervised?.agent.process);
    case "kill agent":
      node.killAgent();
      return () => {};
    case "freeze node":
      node.freeze();
      return () => node.thaw();
    case "freeze postgres":
      return freeze(node, node.server?.process);
    case "freeze fencer":
      return freeze(node, node.supervised?.fencer.process);
    case "kill postmaster":
      node.killPostgres("somebody kills PostgreSQL");
      return () => {};
    case "cut off from store":
      return cut(world, [node.id], [storeName]);
    case "cut replication":
      return cut(world, [node.id], others);
    case "cut one direction":
      return cutDirection(world, [node.id], others);
    case "isolate node":
      return cut(world, [node.id], [...others, storeName]);
    case "store away":
      world.store.setAway(true);
      return () => world.store.setAway(false);
    case "stop node":
      node.requestShutdown("hand-over");
      return () => startAgain(node);
    case "stop platform":
      for (const each of nodes) each.requestShutdown("in-place");
      return () => nodes.forEach(startAgain);
    case "switchover":
      requestSwitchover(world, node.id);
      return () => {};
  }
}

function freeze(node: SimNode, process: Process | undefined): () => void {
  process?.freeze();
  return () => {
    if (process) node.thawProcesses([process]);
  };
}

function cut(world: World, some: readonly string[], others: readonly string[]): () => void {
  const ends = [cutDirection(world, some, others), cutDirection(world, others, some)];
  return () => {
    for (const end of ends) end();
  };
}

function cutDirection({ network }: World, some: readonly string[], others: readonly string[]): () => void {
  const links = some.flatMap((from) => others.map((to) => [from, to] as const));
  for (const [from, to] of links) network.cut(from, to);
  return () => {
    for (const [from, to] of links) network.heal(from, to);
  };
}

/** A node that has not stopped by now is killed, as a service manager does. */
export function startAgain(node: SimNode): void {
  if (node.supervised && node.supervised.shutdown !== "none") node.crash("killed");
  node.start();
}

function requestSwitchover({ store, clock }: World, target: string): void {
  const request: SwitchoverRequest = {
    id: `at ${Math.round(clock.nowMs)}`,
    kind: "switchover",
    target,
    reason: "the schedule asks for it",
    acceptLoss: false,
  };
  store.write([{ put: keys.switchover, value: formatRecord(request) }]);
}
