/** What a simulated agent knows when it decides; the records are parsed by the real parsers. */
import { toState } from "@mainstay/agent/agent/postgres-state.ts";
import { parseLock, parseNodeStatus, parseSpec, parseSwitchover, parseSync } from "@mainstay/dcs/records.ts";
import type { StoredValue } from "@mainstay/dcs/store.ts";
import type { Observation, PostgresState } from "@mainstay/ha/observation.ts";
import type { PostgresStatus } from "@mainstay/postgres/status.ts";
import type { Task } from "./process.ts";
import type { SimAgent } from "./sim-agent.ts";
import { toPosition } from "./sim-data.ts";
import { keys } from "./sim-instance.ts";
import type { SimPostgres } from "./sim-postgres.ts";

const queryTimeoutMs = 1_000;

export function observe(agent: SimAgent, postgres: PostgresState): Observation {
  const { node, view, supervised, keeper, process } = agent;
  const read = <T>(key: string, parse: (text: string) => T) => parsed(view.values.get(key)?.value, parse);
  return {
    nowMs: process.nowMs,
    self: node.id,
    bootId: supervised.bootId,
    spec: read(keys.spec, parseSpec),
    lock: seenLock(agent),
    sync: seenSync(agent),
    lease: keeper.lease,
    postgres,
    intent: node.disk.intent,
    highestTerm: node.disk.highestTerm,
    peers: [...view.values.values()]
      .filter(({ value }) => value.key.startsWith(keys.nodesPrefix) && value.key !== keys.node(node.id))
      .map(({ value, changedAtMs }) => ({
        status: parsed(value, parseNodeStatus),
        ageMs: process.nowMs - changedAtMs,
      })),
    request: read(keys.switchover, parseSwitchover),
    shutdown: supervised.shutdown,
  };
}

function seenLock({ view, process }: SimAgent): Observation["lock"] {
  if (!view.isLive) return { kind: "unknown" };
  const found = view.values.get(keys.lock);
  if (!found) return { kind: "free" };
  const { value, changedAtMs } = found;
  const unchangedForMs = process.nowMs - changedAtMs;
  return { kind: "held", record: parsed(value, parseLock), revision: value.modRevision, unchangedForMs };
}

function seenSync({ view }: SimAgent): Observation["sync"] {
  if (!view.isLive) return { kind: "unknown" };
  const value = view.values.get(keys.sync)?.value;
  return value
    ? { kind: "recorded", record: parsed(value, parseSync), revision: value.modRevision }
    : { kind: "none" };
}

const known = new WeakMap<StoredValue, unknown>();

/** Each stored value is parsed once, by the parser of its key. */
function parsed<T>(value: StoredValue, parse: (text: string) => T): T;
function parsed<T>(value: StoredValue | undefined, parse: (text: string) => T): T | undefined;
function parsed<T>(value: StoredValue | undefined, parse: (text: string) => T): T | undefined {
  if (!value) return undefined;
  if (!known.has(value)) known.set(value, parse(value.value));
  return known.get(value) as T; // one key has one parser
}

export function* observePostgres(agent: SimAgent): Task<PostgresState> {
  const { node, memory, process, supervised } = agent;
  yield process.sleep(node.world.random.between(1, 5));
  const running = supervised.postgres;
  if (!running) return stopped(agent);
  const run = memory.runOf({ pid: 1, as: running.as, startedAtMs: running.startedAtMs });
  if (running.server?.process.isFrozen) yield process.sleep(queryTimeoutMs);
  const status = running.server && statusOf(running.server);
  const atMs = process.nowMs;
  if (!status || running.server?.process.isFrozen) return run.unanswered(atMs);
  run.answered(status, atMs);
  const spec = parsed(agent.view.values.get(keys.spec)?.value, parseSpec);
  const others = (spec?.members ?? []).map(({ id }) => id).filter((id) => id !== node.id);
  return toState(status, run, others, atMs);
}

function stopped({ node, memory }: SimAgent): PostgresState {
  memory.forgetRun();
  const { data } = node.disk;
  if (!data) return { kind: "absent" };
  const { systemId, timeline, isStandby, isClean } = data;
  return { kind: "stopped", systemId, timeline, isStandby, isClean, failedStarts: memory.failedStarts };
}

function statusOf(server: SimPostgres): PostgresStatus | undefined {
  const { data, role, settings, receiver } = server;
  const { systemId, timeline } = data;
  const flushPosition = toPosition(data.flushed);
  if (role === "standby") {
    return {
      kind: "standby",
      systemId,
      timeline,
      flushPosition,
      replayPosition: flushPosition,
      upstream: settings.upstream,
      receiver: receiver ? (receiver.receiver.isStreaming ? "streaming" : "connecting") : "stopped",
      isPromotable: true,
    };
  }
  if (role !== "primary") return undefined;
  const standbys = [...server.sessions].map(({ standby, sender }) => ({
    nodeId: standby.nodeId,
    isStreaming: sender.isStreaming,
    flushPosition: toPosition(sender.flushed),
    replyAgeMs: server.process.nowMs - sender.repliedAtMs,
    replyStamp: String(sender.replies),
  }));
  const { syncStandbys, access } = settings;
  return { kind: "primary", systemId, timeline, flushPosition, syncStandbys, access, standbys };
}
