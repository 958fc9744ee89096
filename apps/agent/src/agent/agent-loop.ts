/** The agent's loop: one look, one decision, one action; and beside it the news to the keeper and to the others. */
import { createWaker, runLoop, type Waker } from "@mainstay/control-loop/run-loop.ts";
import { formatNodeStatus } from "@mainstay/dcs/records.ts";
import { decide } from "@mainstay/ha/decide.ts";
import { isHeldOn, isOwnLock } from "@mainstay/ha/lease.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { act } from "./act.ts";
import { createLook } from "./look.ts";
import type { Node } from "./node.ts";
import { nodeStatus } from "./observe.ts";

const everyMs = 200;
/** While PostgreSQL starts, every look may find it ready. */
const startingMs = 20;
const newsEveryMs = 500;
/** A pass of a leader that takes longer is stuck, and the lock is no longer renewed. */
const stuckAfterMs = 30_000;
/** Ends a pass that a shutdown interrupts. */
const interruptible = new Set(["clone", "rewind", "initialise"]);

export async function runAgent(node: Node, waker: Waker, signal: AbortSignal): Promise<void> {
  const look = createLook(node);
  let passSinceMs = monotonicMs();
  let latest: { seen: Observation; reason: string } | undefined;
  let told = "";
  const newsWaker = createWaker();

  async function pass(loopSignal: AbortSignal): Promise<void> {
    passSinceMs = monotonicMs();
    // A new agent's lease is running out.
    await obeyLock(node, look.withoutPostgres());
    const seen = await look.everything(loopSignal);
    await obeyLock(node, seen);
    const decision = decide(seen);
    latest = { seen, reason: decision.reason };
    const line = `${decision.action}: ${decision.reason}`;
    if (line !== told) node.log.info({ action: decision.action, reason: decision.reason }, "decided");
    if (line !== told) newsWaker.wake();
    told = line;
    const signals = interruptible.has(decision.action) ? [loopSignal, node.shutdownSignal] : [loopSignal];
    await node.events.during(decision, seen, node.supervisor(), () =>
      act(decision, seen, node, AbortSignal.any(signals)),
    );
    if (isDownForShutdown(seen, node)) node.tellSupervisor({ kind: "done" });
    const soonMs = seen.postgres.kind === "starting" ? startingMs : untilTakeMs(seen);
    if (decision.action !== "wait") waker.wake();
    else if (soonMs < everyMs) void pause(soonMs, loopSignal).then(() => waker.wake());
  }

  async function news(loopSignal: AbortSignal): Promise<void> {
    if (monotonicMs() - passSinceMs < stuckAfterMs) node.keeper.tell({ kind: "healthy" });
    if (!latest) return;
    const value = formatNodeStatus(nodeStatus(latest.seen, node.supervisor(), latest.reason));
    const put = [{ put: node.keys.node(node.config.nodeId), value }];
    // A node of an instance that was deleted must not bring its keys back.
    const spec = node.view.values.get(node.keys.spec)?.value.modRevision;
    if (spec === undefined) return;
    await node.store.transact([{ key: node.keys.spec, modRevision: spec }], put, {
      timeoutMs: 1_000,
      signal: loopSignal,
    });
  }

  const loops = { log: node.log, signal };
  await Promise.all([
    runLoop({ ...loops, name: "agent", pass, everyMs, waker }),
    runLoop({ ...loops, name: "news", pass: news, everyMs: newsEveryMs, waker: newsWaker }),
  ]);
}

/** S1: a term is on disk before anything is done in it; and a lock of this supervisor's run that nobody renews is adopted. */
async function obeyLock(
  node: Node,
  { spec, lock, bootId }: Pick<Observation, "spec" | "lock" | "bootId">,
): Promise<void> {
  if (!spec || lock.kind !== "held") return;
  const { record, revision } = lock;
  await node.disk.obeyTerm(record.term);
  if (isHeldOn(record) && !node.keeper.lease && isOwnLock(record, node.config.nodeId, bootId)) {
    node.keeper.tell({ kind: "adopt", lock: record, revision });
  }
}

/** Until another's lock may be taken; the usual time when that is not ahead. */
function untilTakeMs({ lock, self }: Observation): number {
  if (lock.kind !== "held" || lock.record.holder === self) return everyMs;
  const restMs = Math.ceil(lock.record.timing.takeMs - lock.unchangedForMs);
  return restMs > 0 ? restMs : everyMs;
}

function isDownForShutdown({ shutdown, postgres, lock, self, bootId }: Observation, node: Node): boolean {
  if (shutdown === "none" || node.supervisor().postgres) return false;
  if (postgres.kind !== "stopped" && postgres.kind !== "absent") return false;
  const holds = lock.kind === "held" && isOwnLock(lock.record, self, bootId);
  return !holds || lock.record.phase === "released" || lock.record.phase === "stopped";
}
