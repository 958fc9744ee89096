/** What happens to the processes and the data of one node. */
import type { End } from "./faults.ts";
import type { Process } from "./process.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode } from "./sim-node.ts";
import { contentOf } from "./sim-records.ts";

/** A node that has not stopped by now is killed, as a service manager does. */
export function startAgain(node: SimNode): void {
  if (node.supervised && node.supervised.shutdown !== "none") node.crash("killed");
  node.start();
}

export function freeze(node: SimNode, ...processes: readonly (Process | undefined)[]): End {
  const frozen = processes.filter((process) => process !== undefined);
  for (const process of frozen) process.freeze();
  return () => node.thawProcesses(frozen);
}

/** Its monotonic clock stands still meanwhile. */
export function suspend(node: SimNode): End {
  if (node.suspended) return () => {};
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

/** `run` comes after so many more steps of its agent and keeper, before the next. */
export function ambush(node: SimNode, steps: number, run: () => void): End {
  node.ambush = { steps: 1 + steps, run };
  return () => {
    node.ambush = undefined;
    node.start();
  };
}

/** Clients that lose patience again and again. */
export function cancelWaits(node: SimNode): End {
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

/**
 * Its server ends in a PANIC. Only one that streams from a leader that has just renewed: a claim of its own, on its
 * way meanwhile, would make it lead with data that nobody can start.
 */
export function corruptStandby({ id, server, disk, world }: SimNode): void {
  const { lock } = contentOf(world.store.values.get(keys.lock));
  if (!server?.receiver?.receiver.isStreaming || !disk.data) return;
  if (lock?.phase !== "serving" || lock.holder === id || world.store.ageMs(keys.lock) > 500) return;
  if (server.receiver.upstream !== world.serverOf(lock.holder)) return;
  disk.data.isCorrupt = true;
  server.kill();
}
