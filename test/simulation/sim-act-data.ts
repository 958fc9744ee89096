/** Actions that make or replace the simulated data directory. */
import { SimulatedFailure, type Task } from "./process.ts";
import { noteDataTerm, stopPostgres } from "./sim-act-server.ts";
import type { SimAgent } from "./sim-agent.ts";
import { commonLength, DataDirectory, flushedWal } from "./sim-data.ts";
import type { SimPostgres } from "./sim-postgres.ts";

export function* initialise(agent: SimAgent): Task {
  const { node, memory } = agent;
  const { random } = node.world;
  yield* agent.step(random.between(200, 600));
  if (node.disk.isFull) throw new SimulatedFailure("no space is left on the disk");
  node.disk.data = new DataDirectory(`system-${Math.floor(random.between(1, 1e9))}`, [], false);
  memory.isDataChanged = true;
  memory.failedStarts = 0;
  memory.startsClean = true;
}

/** S10: while the intent is there, the old directory is never started again. */
export function* clone(agent: SimAgent, from: string): Task {
  const { node, memory } = agent;
  yield* stopPostgres(agent);
  if (node.disk.data) {
    yield* setIntent(agent, "clone");
    yield* agent.step(20);
    node.world.destroying(node);
    node.disk.data = undefined;
  }
  yield* interruptible(agent, node.world.random.between(200, 1_500), () => sourceOf(agent, from));
  const source = sourceOf(agent, from);
  node.disk.data = new DataDirectory(source.data.systemId, flushedWal(source.data), true);
  memory.isDataChanged = true;
  memory.failedStarts = 0;
  memory.rewinds.areInVain = false;
  yield* noteDataTerm(agent);
  yield* setIntent(agent, undefined);
}

/** A rewind that fails leaves its intent: the next decision is a clone. */
export function* rewind(agent: SimAgent, from: string): Task {
  const { node, memory } = agent;
  const { data } = node.disk;
  yield* stopPostgres(agent);
  if (!data) throw new Error("BUG: a rewind without data");
  yield* interruptible(agent, node.world.random.between(5, 300), () => sourceOf(agent, from));
  yield* setIntent(agent, "rewind");
  // A second rewind does not mend what a first one left half done.
  node.world.destroying(node);
  const wasPoisoned = data.isPoisoned;
  data.isPoisoned = true;
  yield* interruptible(agent, node.world.random.between(50, 400), () => sourceOf(agent, from));
  const source = sourceOf(agent, from);
  // pg_rewind compares timeline numbers, and leaves alone what seems to be on the same one.
  memory.rewinds.areInVain = source.data.timeline === data.timeline;
  if (source.data.timeline !== data.timeline) {
    if (commonLength(data, source.data) < data.keptFrom) {
      throw new SimulatedFailure("the WAL since the histories parted is gone");
    }
    node.world.note(node.id, `keeps ${commonLength(data, source.data)} of ${data.wal.length} records`);
    data.wal = [...flushedWal(source.data)];
    data.flushed = data.wal.length;
    data.timeline = source.data.timeline;
  }
  data.isPoisoned = wasPoisoned;
  data.isStandby = true;
  memory.isDataChanged = true;
  yield* noteDataTerm(agent);
  yield* setIntent(agent, undefined);
}

/** Works for `ms`, unless the source is lost or this node is asked to stop. */
function* interruptible(agent: SimAgent, ms: number, check: () => SimPostgres): Task {
  const { supervised, node } = agent;
  for (let restMs = ms; restMs > 0; restMs -= 50 / node.disk.slowness) {
    check();
    if (supervised.shutdown !== "none") throw new SimulatedFailure("interrupted by the shutdown");
    if (node.disk.isFull) throw new SimulatedFailure("no space is left on the disk");
    yield* agent.step(50);
    yield node.disk.answered;
  }
}

function sourceOf({ node }: SimAgent, from: string): SimPostgres {
  const { network, serverOf } = node.world;
  const source = serverOf(from);
  const isReachable = network.isUp(node.id, from) && network.isUp(from, node.id);
  if (source?.role !== "primary" || source.isHung || !isReachable) {
    throw new SimulatedFailure(`${from} is not there to copy from`);
  }
  return source;
}

function* setIntent(agent: SimAgent, intent: "clone" | "rewind" | undefined): Task {
  yield* agent.write(() => {
    agent.node.disk.intent = intent;
  });
}
