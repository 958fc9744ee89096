/** Actions on the running simulated PostgreSQL and its settings. */
import { isSame } from "@mainstay/ha/primary.ts";
import { SimulatedFailure, type Task } from "./process.ts";
import type { SimAgent } from "./sim-agent.ts";
import type { Settings } from "./sim-disk.ts";
import type { SimPostgres } from "./sim-postgres.ts";

const fastStopMs = 10_000;
const endMs = 5_000;

export function* startPrimary(agent: SimAgent, syncStandbys: readonly string[]): Task {
  yield* noteDataTerm(agent);
  const { data } = agent.node.disk;
  if (data) data.isStandby = false;
  yield* writeSettings(agent, { syncStandbys, upstream: undefined });
  yield* start(agent, "primary");
}

export function* startStandby(agent: SimAgent, upstream: string | undefined): Task {
  const { data } = agent.node.disk;
  if (data) data.isStandby = true;
  yield* writeSettings(agent, { syncStandbys: [], upstream });
  yield* start(agent, "standby");
}

function* start(agent: SimAgent, as: "primary" | "standby"): Task {
  const { node, supervised, process } = agent;
  yield* writeSettings(agent, { access: "closed" });
  const { exits } = supervised;
  node.startPostgres(as);
  const isStarted = () => (supervised.postgres?.server || supervised.exits > exits ? true : undefined);
  yield* process.waitFor(isStarted, "PostgreSQL's process", 10_000);
}

export function* follow(agent: SimAgent, upstream: string | undefined): Task {
  yield* writeSettings(agent, { syncStandbys: [], upstream });
  const running = yield* connect(agent);
  running.reload();
}

/** S5: resolves when the WAL receiver has ended. */
export function* detach(agent: SimAgent): Task {
  yield* follow(agent, undefined);
  yield* until(agent, "the WAL receiver's end", 3_000, ({ role, settings, receiver }) => {
    return role === "primary" || (settings.upstream === undefined && !receiver);
  });
}

export function* promote(agent: SimAgent, syncStandbys: readonly string[]): Task {
  yield* writeSettings(agent, { syncStandbys, upstream: undefined });
  const running = yield* connect(agent);
  running.reload();
  agent.node.arm();
  yield* until(agent, "the sync setting", 3_000, ({ settings }) =>
    isSame(settings.syncStandbys, syncStandbys),
  );
  yield* noteDataTerm(agent);
  running.promote();
  yield* until(agent, "the end of recovery", 10_000, ({ role }) => role === "primary");
}

export function* noteDataTerm(agent: SimAgent): Task {
  yield* agent.write(() => {
    agent.node.disk.dataTerm = agent.node.disk.highestTerm;
  });
}

export function* setSyncStandbys(agent: SimAgent, syncStandbys: readonly string[]): Task {
  yield* writeSettings(agent, { syncStandbys, upstream: undefined });
  const running = yield* connect(agent);
  running.reload();
  yield* until(agent, "the new sync setting", 3_000, ({ role, settings }) => {
    return role === "primary" && isSame(settings.syncStandbys, syncStandbys);
  });
}

export function* setSlots(agent: SimAgent, nodeIds: readonly string[]): Task {
  const running = yield* connect(agent);
  running.slots = nodeIds;
}

/** Begins an own write; its answer belongs to this run only. */
export function prove({ memory, supervised, process, waker }: SimAgent, term: number): void {
  const { run } = memory;
  const running = supervised.postgres?.server;
  if (!run || run.isProving || !running) return;
  run.isProving = true;
  const before = running.settings.syncStandbys;
  const { syncStandbys } = run;
  running.commit("proof", term, (isAcknowledged) => {
    const isStill = run.syncStandbys === syncStandbys;
    const isProof = isAcknowledged && isStill && isSame(before, running.settings.syncStandbys);
    const answered = process.inside(() => {
      if (isProof) run.proof = { term, syncStandbys: before };
      run.isProving = false;
      waker.wake();
    });
    answered();
  });
}

export function* openAccess(agent: SimAgent, syncStandbys: readonly string[]): Task {
  yield* agent.step(agent.node.world.random.between(5, 50));
  yield* writeSettings(agent, { syncStandbys, upstream: undefined });
  yield* writeSettings(agent, { access: "open" });
  const running = yield* connect(agent);
  running.reload();
  yield* until(agent, "the reload", 3_000, ({ settings }) => settings.access === "open");
}

export function* stopPostgres(agent: SimAgent): Task {
  const { supervised, process } = agent;
  const running = supervised.postgres?.server;
  if (!supervised.postgres) return;
  const isDown = () => (supervised.postgres ? undefined : true);
  if (running?.isRunning) running.process.start(running.stop(), () => {});
  else running?.kill();
  try {
    yield* process.waitFor(isDown, "PostgreSQL's shutdown", fastStopMs);
  } catch (error) {
    if (!(error instanceof SimulatedFailure)) throw error;
    yield* fence(agent);
  }
}

export function* fence(agent: SimAgent): Task {
  const { node, supervised, process } = agent;
  yield* agent.step(0);
  node.killPostgres("the agent kills PostgreSQL");
  yield* process.waitFor(() => (supervised.postgres ? undefined : true), "PostgreSQL's end", endMs);
}

function* writeSettings(agent: SimAgent, changes: Partial<Settings>): Task {
  yield* agent.write(() => Object.assign(agent.node.disk.settings, changes));
}

/** A session to a server that answers. */
function* connect(agent: SimAgent): Task<SimPostgres> {
  yield* agent.step(1);
  const { supervised } = agent;
  const running = supervised.postgres?.server;
  const isAnswering = running && (running.role === "primary" || running.role === "standby");
  if (!running || !isAnswering || running.isHung) {
    throw new SimulatedFailure("PostgreSQL takes no connection");
  }
  return running;
}

function* until(
  agent: SimAgent,
  what: string,
  timeoutMs: number,
  isReached: (server: SimPostgres) => boolean,
): Task {
  const running = yield* connect(agent);
  yield* agent.process.waitFor(
    () => {
      if (running.role === "ended") throw new SimulatedFailure("PostgreSQL ended");
      return !running.isHung && isReached(running) ? true : undefined;
    },
    what,
    timeoutMs,
  );
}
