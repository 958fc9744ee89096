/** What a running PostgreSQL answers, with what its agent remembers of this run. Also the simulator's. */
import type {
  AttachedStandby,
  PostgresState,
  PrimaryPostgres,
  StandbyPostgres,
} from "@mainstay/ha/observation.ts";
import { preparedMark } from "@mainstay/postgres/queries.ts";
import type { PostgresStatus, PrimaryStatus, StandbyStatus } from "@mainstay/postgres/status.ts";
import type { Memory } from "./memory.ts";

type Run = ReturnType<Memory["runOf"]>;

/** `others`: the instance's other members. `atMs`: when the answer came, on the node's monotonic clock. */
export function toState(
  status: PostgresStatus,
  run: Run,
  others: readonly string[],
  atMs: number,
): PostgresState {
  return status.kind === "primary" ? toPrimary(status, run, others, atMs) : toStandby(status, run, atMs);
}

function toPrimary(
  status: PrimaryStatus,
  run: Run,
  others: readonly string[],
  atMs: number,
): PrimaryPostgres {
  const { preparedMark: mark, ...facts } = status;
  return {
    ...facts,
    isPrepared: mark === preparedMark,
    forMs: atMs - run.kindSinceMs,
    recoveryEnd: run.recoveryEnd,
    syncSince: run.syncSince,
    standbys: others.map((id) => attached(id, status, run, atMs)),
    proof: run.proof,
    isProving: run.isProving,
  };
}

function attached(nodeId: string, { standbys }: PrimaryStatus, run: Run, atMs: number): AttachedStandby {
  const found = standbys.find((standby) => standby.nodeId === nodeId);
  return {
    nodeId,
    notStreamingForMs: run.notStreamingFor(nodeId, found?.isStreaming ?? false, atMs),
    flushPosition: found?.flushPosition ?? 0n,
    replyAgeMs: run.unchangedFor(nodeId, found?.replyStamp ?? "", atMs),
  };
}

function toStandby(status: StandbyStatus, run: Run, atMs: number): StandbyPostgres {
  const isStreaming = status.receiver === "streaming";
  return {
    ...status,
    forMs: atMs - run.kindSinceMs,
    notStreamingForMs: run.notStreamingFor("upstream", isStreaming, atMs),
    isRewindInVain: run.rewinds.areInVain,
  };
}
