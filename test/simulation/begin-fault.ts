/** Makes faults happen in a simulated cluster. */
import type { SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { type Fault, timingChange } from "./faults.ts";
import type { Process } from "./process.ts";
import type { SimControlPlane } from "./sim-control-plane.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode, World } from "./sim-node.ts";
import { contentOf } from "./sim-records.ts";
import { storeName } from "./sim-store.ts";

const hourMs = 3_600_000;
type End = () => void;
const nothing: End = () => {};

/** Begins the fault and returns what ends it. */
export function begin(
  fault: Fault,
  nodes: readonly SimNode[],
  world: World,
  controlPlane: SimControlPlane,
): End {
  const node = nodes[fault.node % nodes.length];
  if (!node) throw new Error("BUG: a cluster without nodes");
  const others = nodes.filter((other) => other !== node).map(({ id }) => id);
  switch (fault.kind) {
    case "cut off from store":
      return cut(world, [node.id], [storeName]);
    case "cut replication":
      return cut(world, [node.id], others);
    case "cut one direction":
      return cutDirection(world, [node.id], others);
    case "isolate node":
      return cut(world, [node.id], [...others, storeName]);
    case "refuse connections":
      return refuse(world, node, others);
    case "storm at the store":
      return storm(world, fault, [node.id], [storeName]);
    case "storm between nodes":
      return storm(world, fault, [node.id], others);
    case "read a stale member":
      return world.store.fallBehind(node.id);
    case "store away":
      return world.store.goAway();
    case "store restarts":
      return world.store.restart();
    case "store without leader":
      return world.store.stall();
    case "replace node":
      return replace(node, fault, controlPlane);
    case "stop platform":
      for (const each of nodes) each.requestShutdown("in-place");
      return () => nodes.forEach(startAgain);
    case "switchover":
      request(world, "switchover", node.id);
      return nothing;
    case "failover by hand":
      request(world, "failover", node.id);
      return nothing;
    case timingChange:
      changeTiming(world);
      return nothing;
    case "failover with losses":
      request(world, "failover", node.id, true);
      return nothing;
    default:
      return beginOnNode(fault, node);
  }
}

function beginOnNode(fault: Fault, node: SimNode): End {
  switch (fault.kind) {
    case "crash node":
      node.crash("killed");
      return () => node.start();
    case "lose node silently":
      node.crash("silent");
      return () => node.start();
    case "kill agent":
      node.killAgent();
      return nothing;
    case "kill fencer":
      node.killFencer();
      return nothing;
    case "kill supervisor":
      node.killSupervisor();
      return () => node.start();
    case "kill postmaster":
      node.killPostmaster();
      return nothing;
    case "kill postgres":
      node.killPostgres("somebody kills PostgreSQL");
      return nothing;
    case "corrupt standby":
      corruptStandby(node);
      return nothing;
    case "recycle WAL":
      node.server?.recycleWal();
      return nothing;
    case "suspend node":
      return suspend(node);
    case "wall clock jumps":
      node.wallOffsetMs += fault.detail % 2 === 0 ? hourMs : -hourMs;
      return nothing;
    case "stop node":
      node.requestShutdown("hand-over");
      return () => startAgain(node);
    case "ambush agent":
      return ambush(node, fault, () => node.killAgent());
    case "ambush node":
      return ambush(node, fault, () => node.crash("silent"));
    case "ambush postgres":
      return ambush(node, fault, () => node.killPostgres("ambushed"));
    default:
      return disturb(fault, node);
  }
}

/** What is ended by taking it back. */
function disturb({ kind, detail }: Fault, node: SimNode): End {
  const { server, supervised, disk } = node;
  const agent = supervised?.agent;
  switch (kind) {
    case "freeze agent":
      return freeze(node, agent?.process, agent?.keeperProcess);
    case "stall agent":
      return freeze(node, agent?.process);
    case "freeze fencer":
      return freeze(node, supervised?.fencer.process);
    case "freeze supervisor":
      return freeze(node, supervised?.process);
    case "freeze postgres":
      return freeze(node, server?.process);
    case "freeze node":
      node.freeze();
      return () => node.thaw();
    case "freeze postmaster":
      if (server) server.isPostmasterFrozen = true;
      return () => {
        if (server) server.isPostmasterFrozen = false;
      };
    case "cancel waits":
      return cancelWaits(node);
    case "pause replay":
      if (server) server.isReplayPaused = true;
      return () => {
        if (server) server.isReplayPaused = false;
      };
    case "slow disk":
      disk.slowness = 1 + 4 * detail;
      return () => {
        disk.slowness = 1;
      };
    case "long recovery":
      disk.recoveryMs = 500 * (1 + detail);
      return () => {
        disk.recoveryMs = 0;
      };
    case "disk hangs":
      return disk.hang(node.world.clock.nowMs);
    case "full disk":
      disk.isFull = true;
      return () => {
        disk.isFull = false;
      };
    default:
      throw new Error(`BUG: nobody begins ${kind}`);
  }
}

/**
 * Its server ends in a PANIC. Only one that streams from a leader that has just renewed: a claim of its own, on its
 * way meanwhile, would make it lead with data that nobody can start.
 */
function corruptStandby({ id, server, disk, world }: SimNode): void {
  const { lock } = contentOf(world.store.values.get(keys.lock));
  if (!server?.receiver?.receiver.isStreaming || !disk.data) return;
  if (lock?.phase !== "serving" || lock.holder === id || world.store.ageMs(keys.lock) > 500) return;
  if (server.receiver.upstream !== world.serverOf(lock.holder)) return;
  disk.data.isCorrupt = true;
  server.kill();
}

/** A node that has not stopped by now is killed, as a service manager does. */
export function startAgain(node: SimNode): void {
  if (node.supervised && node.supervised.shutdown !== "none") node.crash("killed");
  node.start();
}

/** Lost for good, for a while, or only as its control plane sees it: then it lives on. */
function replace(node: SimNode, { detail }: Fault, controlPlane: SimControlPlane): End {
  if (!controlPlane.replace(node) || detail % 2 === 0) return nothing;
  node.crash("silent");
  return () => node.start();
}

function freeze(node: SimNode, ...processes: readonly (Process | undefined)[]): End {
  const frozen = processes.filter((process) => process !== undefined);
  for (const process of frozen) process.freeze();
  return () => node.thawProcesses(frozen);
}

/** Its monotonic clock stands still meanwhile. */
function suspend(node: SimNode): End {
  if (node.suspended) return nothing;
  const { clock } = node.world;
  const fromMs = clock.nowMs;
  const suspended = {};
  node.suspended = suspended;
  node.freeze();
  return () => {
    if (node.suspended !== suspended) return;
    node.suspended = undefined;
    node.localClock.suspendedMs += (clock.nowMs - fromMs) * node.localClock.rate;
    node.thaw();
    const fencer = node.supervised?.fencer;
    fencer?.process.after(50, () => fencer.look());
  };
}

function ambush(node: SimNode, { detail }: Fault, run: () => void): End {
  node.ambush = { steps: 1 + detail, run };
  return () => {
    node.ambush = undefined;
    node.start();
  };
}

/** Clients that lose patience again and again. */
function cancelWaits(node: SimNode): End {
  let isOver = false;
  const again = () => {
    if (isOver) return;
    node.cancelWaits();
    node.world.clock.after(40, again);
  };
  again();
  return () => {
    isOver = true;
  };
}

function cut(world: World, some: readonly string[], others: readonly string[]): End {
  const ends = [cutDirection(world, some, others), cutDirection(world, others, some)];
  return () => {
    for (const end of ends) end();
  };
}

/** A firewall before a node that lives: it resets every connection from the others and refuses new ones. */
function refuse(world: World, node: SimNode, others: readonly string[]): End {
  const end = cut(world, [node.id], others);
  node.isRefusing = true;
  for (const id of others) world.serverOf(id)?.receiver?.closeReceiver();
  world.linksChanged();
  return () => {
    node.isRefusing = false;
    end();
  };
}

function cutDirection({ network }: World, some: readonly string[], others: readonly string[]): End {
  const links = pairs(some, others);
  for (const [from, to] of links) network.cut(from, to);
  return () => {
    for (const [from, to] of links) network.heal(from, to);
  };
}

function storm(
  { network }: World,
  { detail }: Fault,
  some: readonly string[],
  others: readonly string[],
): End {
  const strength = (1 + detail) / 40;
  const weather = {
    latencyMs: 5 + 60 * strength,
    lateChance: 0.5 * strength,
    lateMs: 2_500 * strength,
    lossChance: 0.5 * strength,
    twiceChance: 0.3 * strength,
  };
  const links = [...pairs(some, others), ...pairs(others, some)];
  for (const [from, to] of links) network.setWeather(from, to, weather);
  return () => {
    for (const [from, to] of links) network.setWeather(from, to, undefined);
  };
}

function pairs(some: readonly string[], others: readonly string[]): (readonly [string, string])[] {
  return some.flatMap((from) => others.map((to) => [from, to] as const));
}

function request(
  { store, clock }: World,
  kind: SwitchoverRequest["kind"],
  target: string,
  acceptLoss = false,
): void {
  const request: SwitchoverRequest = {
    id: `at ${Math.round(clock.nowMs)}`,
    term: contentOf(store.values.get(keys.lock)).lock?.term ?? 0,
    kind,
    target,
    reason: "the schedule asks for it",
    acceptLoss,
  };
  store.write([{ put: keys.switchover, content: { request } }]);
}

/** From one preset to the other. */
function changeTiming({ store }: World): void {
  const { spec } = contentOf(store.values.get(keys.spec));
  if (!spec) return;
  const isFast = spec.timing.takeMs === timingPresets.fast.takeMs;
  const timing = isFast ? timingPresets.safe : timingPresets.fast;
  store.write([{ put: keys.spec, content: { spec: { ...spec, generation: spec.generation + 1, timing } } }]);
}
