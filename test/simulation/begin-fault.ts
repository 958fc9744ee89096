/** Makes faults happen in a simulated cluster: what each kind does, and what ends it. */
import { type End, type Fault, type FaultKind, timingChange } from "./faults.ts";
import { cut, cutDirection, refuse, storm } from "./link-faults.ts";
import { ambush, cancelWaits, corruptStandby, freeze, startAgain, suspend } from "./node-faults.ts";
import { changeTiming, replace, request } from "./operator-faults.ts";
import type { SimControlPlane } from "./sim-control-plane.ts";
import type { SimNode, World } from "./sim-node.ts";
import { storeName } from "./sim-store.ts";

/** What a fault is given. */
interface Struck {
  readonly node: SimNode;
  readonly nodes: readonly SimNode[];
  /** The ids of all but `node`. */
  readonly others: readonly string[];
  readonly world: World;
  readonly controlPlane: SimControlPlane;
  readonly detail: number;
}

type Effect = (at: Struck) => End;

const hourMs = 3_600_000;

const effects = {
  "crash node": ({ node }) => {
    node.crash("killed");
    return () => node.start();
  },
  "lose node silently": ({ node }) => {
    node.crash("silent");
    return () => node.start();
  },
  "kill agent": once(({ node }) => node.killAgent()),
  "kill fencer": once(({ node }) => node.killFencer()),
  "kill supervisor": ({ node }) => {
    node.killSupervisor();
    return () => node.start();
  },
  "kill postmaster": once(({ node }) => node.killPostmaster()),
  "kill postgres": once(({ node }) => node.killPostgres("somebody kills PostgreSQL")),
  "freeze agent": ({ node }) =>
    freeze(node, node.supervised?.agent.process, node.supervised?.agent.keeperProcess),
  "stall agent": ({ node }) => freeze(node, node.supervised?.agent.process),
  "freeze fencer": ({ node }) => freeze(node, node.supervised?.fencer.process),
  "freeze supervisor": ({ node }) => freeze(node, node.supervised?.process),
  "freeze postmaster": ({ node: { server } }) => raise("isPostmasterFrozen", server),
  "freeze postgres": ({ node }) => freeze(node, node.server?.process),
  "freeze node": ({ node }) => {
    node.freeze();
    return () => node.thaw();
  },
  "suspend node": ({ node }) => suspend(node),
  "ambush agent": ({ node, detail }) => ambush(node, detail, () => node.killAgent()),
  "ambush node": ({ node, detail }) => ambush(node, detail, () => node.crash("silent")),
  "ambush postgres": ({ node, detail }) => ambush(node, detail, () => node.killPostgres("ambushed")),
  "cut off from store": ({ node, world }) => cut(world, [node.id], [storeName]),
  "cut replication": ({ node, others, world }) => cut(world, [node.id], others),
  "cut one direction": ({ node, others, world }) => cutDirection(world, [node.id], others),
  "isolate node": ({ node, others, world }) => cut(world, [node.id], [...others, storeName]),
  "refuse connections": ({ node, others, world }) => refuse(world, node, others),
  "wall clock jumps": once(({ node, detail }) => {
    node.wallOffsetMs += detail % 2 === 0 ? hourMs : -hourMs;
  }),
  "storm at the store": ({ node, world, detail }) => storm(world, detail, [node.id], [storeName]),
  "storm between nodes": ({ node, others, world, detail }) => storm(world, detail, [node.id], others),
  "read a stale member": ({ node, world }) => world.store.fallBehind(node.id),
  "store away": ({ world }) => world.store.goAway(),
  "store restarts": ({ world }) => world.store.restart(),
  "store without leader": ({ world }) => world.store.stall(),
  "slow disk": ({ node: { disk }, detail }) => {
    disk.slowness = 1 + 4 * detail;
    return () => {
      disk.slowness = 1;
    };
  },
  "full disk": ({ node: { disk } }) => raise("isFull", disk),
  "disk hangs": ({ node: { disk }, world }) => disk.hang(world.clock.nowMs),
  "pause replay": ({ node: { server } }) => raise("isReplayPaused", server),
  "cancel waits": ({ node }) => cancelWaits(node),
  "recycle WAL": once(({ node }) => node.server?.recycleWal()),
  "corrupt standby": once(({ node }) => corruptStandby(node)),
  "long recovery": ({ node: { disk }, detail }) => {
    disk.recoveryMs = 500 * (1 + detail);
    return () => {
      disk.recoveryMs = 0;
    };
  },
  "stop node": ({ node }) => {
    node.requestShutdown("hand-over");
    return () => startAgain(node);
  },
  "stop platform": ({ nodes }) => {
    for (const each of nodes) each.requestShutdown("in-place");
    return () => nodes.forEach(startAgain);
  },
  switchover: once(({ node, world }) => request(world, "switchover", node.id)),
  "failover by hand": once(({ node, world }) => request(world, "failover", node.id)),
  "failover with losses": once(({ node, world }) => request(world, "failover", node.id, true)),
  "replace node": ({ node, detail, controlPlane }) => replace(node, detail, controlPlane),
  [timingChange]: once(({ world }) => changeTiming(world)),
} satisfies Record<FaultKind, Effect>;

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
  return effects[fault.kind]({ node, nodes, others, world, controlPlane, detail: fault.detail });
}

/** It happens, and there is nothing to end. */
function once(happen: (at: Struck) => void): Effect {
  return (at) => {
    happen(at);
    return () => {};
  };
}

/** True until it ends. */
function raise<Flag extends string>(flag: Flag, of: Record<Flag, boolean> | undefined): End {
  const set = (value: boolean) => {
    if (of) of[flag] = value;
  };
  set(true);
  return () => set(false);
}
