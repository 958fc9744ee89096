/** Carries out one decision. Chooses nothing. */
import type { Decision } from "@mainstay/ha/decision.ts";
import type { Observation } from "@mainstay/ha/observation.ts";
import { checkpointBefore } from "./act/checkpoint.ts";
import { clone, initialise, rewindTo } from "./act/data.ts";
import { openAccess, prepare, prove, setMemberSlots } from "./act/opening.ts";
import { fence, startPrimary, startStandby, stopPostgres } from "./act/process.ts";
import { claim, dropRequest, recordSync, setPhase } from "./act/records.ts";
import { detach, follow, promote, setSyncStandbys } from "./act/replication.ts";
import { type Node, specOf } from "./node.ts";

export async function act(
  decision: Decision,
  seen: Observation,
  node: Node,
  signal: AbortSignal,
): Promise<void> {
  switch (decision.action) {
    case "wait":
      return;
    case "claim":
      return claim(node, decision, signal);
    case "set-phase":
      return setPhase(node, decision.phase, signal);
    case "record-sync":
      return recordSync(node, decision.sync, decision.syncRevision, signal);
    case "initialise":
      return initialise(node, signal);
    case "clone":
      return clone(node, specOf(seen.spec), decision.from, signal);
    case "rewind":
      return rewindTo(node, specOf(seen.spec), decision.from, signal);
    case "start-primary":
      if (node.memory.isPromotionCut) return startStandby(node, specOf(seen.spec), undefined, signal);
      node.memory.startsClean = seen.postgres.kind === "stopped" && seen.postgres.isClean;
      await node.disk.noteDataTerm();
      return startPrimary(node, specOf(seen.spec), decision.syncStandbys, signal);
    case "start-standby":
      return startStandby(node, specOf(seen.spec), decision.upstream, signal);
    case "follow":
      return follow(node, specOf(seen.spec), decision.upstream);
    case "detach":
      return detach(node, specOf(seen.spec), signal);
    case "promote":
      return promote(node, specOf(seen.spec), decision.syncStandbys, signal);
    case "set-sync-standbys":
      return setSyncStandbys(node, specOf(seen.spec), decision.syncStandbys, signal);
    case "prove":
      return prove(node, decision.term);
    case "prepare":
      return prepare(node);
    case "set-slots":
      return setMemberSlots(node, decision.nodeIds);
    case "open-access":
      return openAccess(node, specOf(seen.spec), decision.syncStandbys, signal);
    case "fence":
      return fence(node);
    case "stop":
      if (decision.isPlanned) await checkpointBefore(node);
      return stopPostgres(node);
    case "drop-request":
      return dropRequest(node, seen.request, signal);
  }
}
