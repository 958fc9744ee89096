/** What a simulated agent knows when it decides. */
import { toState } from "@mainstay/agent/agent/postgres-state.ts";
import type { Observation, PostgresState, SeenPeer } from "@mainstay/ha/observation.ts";
import type { Task } from "./process.ts";
import type { SimAgent } from "./sim-agent.ts";
import { keys } from "./sim-instance.ts";
import type { SimNode } from "./sim-node.ts";
import { type Content, contentOf } from "./sim-records.ts";

const queryTimeoutMs = 1_000;
const stalledAfterMs = 4_000;

export function observe(agent: SimAgent, postgres: PostgresState): Observation {
  const { node, supervised, keeper, process, memory } = agent;
  return {
    nowMs: process.nowMs,
    wallMs: node.wallMs,
    self: node.id,
    bootId: supervised.bootId,
    spec: read(agent, keys.spec).spec,
    lock: seenLock(agent),
    sync: seenSync(agent),
    lease: keeper.lease,
    postgres,
    intent: node.disk.intent,
    highestTerm: node.disk.highestTerm,
    dataTerm: node.disk.dataTerm,
    peers: peers(agent),
    links: node.world.linksOf(node),
    volume: volumeState(node),
    isUncovered: memory.coverage.isUncovered(process.nowMs),
    request: seenRequest(agent),
    shutdown: supervised.shutdown,
  };
}

/** As apps/agent/src/agent/volume-watch.ts. */
function volumeState({ disk, world }: SimNode): Observation["volume"] {
  const { hangsSinceMs, isFull } = disk;
  if (hangsSinceMs !== undefined && world.clock.nowMs - hangsSinceMs > stalledAfterMs) return "stalled";
  return isFull ? "full" : "usable";
}

function seenLock({ view, process, memory }: SimAgent): Observation["lock"] {
  if (!view.isLive) return { kind: "unknown" };
  const found = view.values.get(keys.lock);
  if (!found) return { kind: "free" };
  const { value, changedAtMs } = found;
  const unchangedForMs = process.nowMs - changedAtMs;
  const { lock } = contentOf(value);
  if (!lock) return { kind: "free" };
  const phaseForMs = memory.phaseForMs(lock, process.nowMs);
  return { kind: "held", record: lock, revision: value.modRevision, unchangedForMs, phaseForMs };
}

function seenSync({ view, memory }: SimAgent): Observation["sync"] {
  if (!view.isLive) return { kind: "unknown" };
  const value = view.values.get(keys.sync)?.value;
  const { sync } = contentOf(value);
  if (!value || !sync) return { kind: "none" };
  const { modRevision: revision } = value;
  return { kind: "recorded", record: sync, revision, isSettled: memory.settledSync === revision };
}

function seenRequest({ view }: SimAgent): Observation["request"] {
  const value = view.values.get(keys.switchover)?.value;
  const { request } = contentOf(value);
  return value && request && { ...request, revision: value.modRevision };
}

function peers({ view, node, process }: SimAgent): SeenPeer[] {
  const found: SeenPeer[] = [];
  for (const { value, changedAtMs } of view.values.values()) {
    const { status } = contentOf(value);
    if (status && status.nodeId !== node.id) found.push({ status, ageMs: process.nowMs - changedAtMs });
  }
  return found;
}

function read({ view }: SimAgent, key: string): Content {
  return contentOf(view.values.get(key)?.value);
}

export function* observePostgres(agent: SimAgent): Task<PostgresState> {
  const { node, memory, process, supervised } = agent;
  yield process.sleep(node.world.random.between(1, 5));
  const running = supervised.postgres;
  if (!running) return stopped(agent);
  const run = memory.runOf({ pid: 1, as: running.as, startedAtMs: running.startedAtMs });
  const askedAtMs = process.nowMs;
  if (running.server?.isHung) yield process.sleep(queryTimeoutMs);
  const status = running.server?.isHung ? undefined : running.server?.status();
  const atMs = process.nowMs;
  if (!status) return run.unanswered(askedAtMs, atMs);
  run.answered(status, askedAtMs, atMs);
  const { spec } = read(agent, keys.spec);
  const others = (spec?.members ?? []).map(({ id }) => id).filter((id) => id !== node.id);
  return toState(status, run, others, atMs);
}

function stopped({ node, memory, process }: SimAgent): PostgresState {
  memory.forgetRun();
  const { data } = node.disk;
  if (!data) return { kind: "absent" };
  const { systemId, timeline, isStandby, isClean } = data;
  const { failedStarts } = memory;
  const forMs = memory.stoppedForMs(process.nowMs);
  return { kind: "stopped", systemId, timeline, isStandby, isClean, failedStarts, forMs };
}
