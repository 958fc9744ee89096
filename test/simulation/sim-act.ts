/** Carries out one decision in the simulated world, with the steps, waits and limits of apps/agent/src/agent/act. */
import type { Decision } from "@mainstay/ha/decision.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { SimulatedFailure, type Task } from "./process.ts";
import { clone, initialise, rewind } from "./sim-act-data.ts";
import * as server from "./sim-act-server.ts";
import type { SimAgent } from "./sim-agent.ts";
import { keys } from "./sim-instance.ts";

const storeTimeoutMs = 2_000;

export function* act(decision: Decision, seen: Observation, agent: SimAgent): Task {
  switch (decision.action) {
    case "wait":
    case "prepare":
      return;
    case "set-slots":
      return yield* server.setSlots(agent, decision.nodeIds);
    case "claim":
      return yield* claim(agent, decision);
    case "set-phase":
      if (decision.phase === "released") agent.node.killPostgres("nothing may outlive the release");
      return yield* seeRevision(
        agent,
        keys.lock,
        yield* agent.keeper.setPhase(agent.process, decision.phase),
      );
    case "record-sync":
      return yield* recordSync(agent, decision);
    case "initialise":
      return yield* initialise(agent);
    case "clone":
      return yield* clone(agent, decision.from);
    case "rewind":
      return yield* rewind(agent, decision.from);
    case "start-primary":
      agent.memory.startsClean = seen.postgres.kind === "stopped" && seen.postgres.isClean;
      return yield* server.startPrimary(agent, decision.syncStandbys);
    case "start-standby":
      return yield* server.startStandby(agent, decision.upstream);
    case "follow":
      return yield* server.follow(agent, decision.upstream);
    case "detach":
      return yield* server.detach(agent);
    case "promote":
      return yield* server.promote(agent, decision.syncStandbys);
    case "set-sync-standbys":
      return yield* server.setSyncStandbys(agent, decision.syncStandbys);
    case "prove":
      return server.prove(agent, decision.term);
    case "open-access":
      return yield* server.openAccess(agent, decision.syncStandbys);
    case "fence":
      return yield* server.fence(agent);
    case "stop":
      if (decision.isPlanned) yield* agent.step(agent.node.disk.syncMs(1, 60));
      return yield* server.stopPostgres(agent);
    case "drop-request":
      return yield* dropRequest(agent, seen.request);
  }
}

function* claim(agent: SimAgent, decision: Extract<Decision, { action: "claim" }>): Task {
  agent.memory.settledSync = undefined;
  const revision = yield* agent.keeper.claim(agent.process, decision);
  agent.memory.settledSync = revision;
  yield* seeRevision(agent, keys.sync, revision);
  yield* seeRevision(agent, keys.lock, revision);
}

function* recordSync(
  agent: SimAgent,
  { sync, syncRevision }: Extract<Decision, { action: "record-sync" }>,
): Task {
  const { node, process } = agent;
  yield* agent.step(0);
  const transaction = {
    conditions: [{ key: keys.sync, modRevision: syncRevision }],
    writes: [{ put: keys.sync, content: { sync } }],
  };
  agent.memory.settledSync = undefined;
  const result = yield* node.world.store.transact(node.id, process, transaction, storeTimeoutMs).get();
  yield* agent.step(0);
  if (result === "unknown") throw new SimulatedFailure("the store did not answer");
  if (!result.succeeded) return;
  agent.memory.settledSync = result.revision;
  yield* seeRevision(agent, keys.sync, result.revision);
}

function* dropRequest({ node, process }: SimAgent, request: Observation["request"]): Task {
  if (!request) return;
  const conditions = [{ key: keys.switchover, modRevision: request.revision }];
  const transaction = { conditions, writes: [{ delete: keys.switchover }] };
  yield* node.world.store.transact(node.id, process, transaction, storeTimeoutMs).get();
}

function* seeRevision({ view, process }: SimAgent, key: string, revision: bigint): Task {
  const isSeen = () => ((view.values.get(key)?.value.modRevision ?? 0n) >= revision ? true : undefined);
  yield* process.waitFor(isSeen, `the view of ${key}`, 2_000);
}
