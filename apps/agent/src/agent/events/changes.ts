/** What happened to a node without its deciding it: found by comparing two looks. Pure. */
import type { NewEvent } from "@mainstay/domain/event.ts";
import type { Observation, PostgresState } from "@mainstay/ha/observation.ts";
import type { SupervisorState } from "../../supervisor/protocol.ts";
import { blockedCommits } from "./blocked-commits.ts";
import { summarise } from "./summary.ts";

/** One look, and what the supervisor said at it. `seen` is missing in an agent that has just started. */
export interface Look {
  readonly seen?: Observation;
  readonly supervisor: Pick<SupervisorState, "bootId" | "exits" | "ended" | "fenced">;
}

export function changes(before: Look, now: Required<Look>): NewEvent[] {
  const { seen } = now;
  const found = [endOfPostgres(before, now), fenced(before, now), lostLease(before.seen, seen)];
  const blocked = blockedCommits(before.seen, seen);
  return [
    ...found.filter((event) => event !== undefined),
    ...streams(before.seen?.postgres, seen),
    ...(blocked ? [event(seen, { ...blocked, inputs: { ...summarise(seen), ...blocked.inputs } })] : []),
  ];
}

/** Its id is of the supervisor's run: an agent that starts later reports the same event. */
function endOfPostgres({ supervisor: before }: Look, { supervisor, seen }: Required<Look>) {
  const { ended, exits, bootId } = supervisor;
  if (!ended || ended.at === before.ended?.at) return undefined;
  const { at, code, signal } = ended;
  const reason = signal ? `PostgreSQL was ended by ${signal}` : `PostgreSQL ended with code ${code}`;
  const id = `${bootId}-exit-${exits}`;
  return event(seen, { id, at, kind: "postgres", action: "ended", reason, inputs: { code, signal, exits } });
}

function fenced({ supervisor: before }: Look, { supervisor, seen }: Required<Look>) {
  const { fenced: fence, bootId } = supervisor;
  if (!fence || fence.at === before.fenced?.at) return undefined;
  const { at, reason, tookMs } = fence;
  const id = `${bootId}-fence-${Date.parse(at)}`;
  return { ...event(seen, { id, at, kind: "fence", action: "fence", reason, inputs: {} }), tookMs };
}

/** A lock that the node itself released is told by that decision. */
function lostLease(before: Observation | undefined, now: Observation): NewEvent | undefined {
  if (!before || !isHeld(before) || isHeld(now)) return undefined;
  const { lock, self } = now;
  const holder = lock.kind === "held" ? lock.record.holder : undefined;
  const isOwn = lock.kind === "held" && holder === self;
  if (isOwn && (lock.record.phase === "released" || lock.record.phase === "stopped")) return undefined;
  const reason =
    isOwn || holder === undefined ? "no renewal succeeded in time" : `${holder} holds the lock now`;
  return event(now, { kind: "lock", action: "lost", reason, inputs: summarise(now) });
}

function isHeld({ lease, nowMs }: Observation): boolean {
  return lease !== undefined && nowMs < lease.deadlineMs;
}

/** A stream of WAL that broke or came back: at the standby its own, at the primary each standby's. */
function streams(before: PostgresState | undefined, now: Observation): NewEvent[] {
  const was = before?.kind === now.postgres.kind ? streamsOf(before) : new Map<string, boolean>();
  const direction = now.postgres.kind === "primary" ? "to" : "from";
  return [...streamsOf(now.postgres)].flatMap(([peer, isStreaming]) => {
    if (was.get(peer) === undefined || was.get(peer) === isStreaming) return [];
    const action = isStreaming ? "restored" : "broken";
    const reason = `the WAL stream ${direction} ${peer} ${isStreaming ? "is back" : "broke"}`;
    return [event(now, { kind: "stream", action, reason, inputs: { ...summarise(now), peer } })];
  });
}

/** By the node at the other end. */
function streamsOf(postgres: PostgresState | undefined): Map<string, boolean> {
  if (postgres?.kind === "standby" && postgres.upstream) {
    return new Map([[postgres.upstream, postgres.receiver === "streaming"]]);
  }
  // A primary that is looked at for the first time has not waited for a standby yet.
  if (postgres?.kind !== "primary" || postgres.forMs === 0) return new Map();
  return new Map(postgres.standbys.map(({ nodeId, notStreamingForMs }) => [nodeId, notStreamingForMs === 0]));
}

function event({ highestTerm }: Observation, fields: Omit<NewEvent, "term">): NewEvent {
  return { ...fields, term: highestTerm };
}
