/** What the agent remembers of the running PostgreSQL between two looks; all of it can be observed again. */
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import type { PostgresState, PrimaryPostgres } from "@mainstay/ha/observation.ts";
import { isSame } from "@mainstay/ha/primary.ts";
import type { PostgresStatus } from "@mainstay/postgres/status.ts";
import type { RunningPostgres } from "../supervisor/protocol.ts";
import { type Coverage, createCoverage } from "./coverage.ts";

export type Memory = ReturnType<typeof createMemory>;

export function createMemory() {
  let run: ReturnType<typeof createRun> | undefined;
  let stoppedSinceMs: number | undefined;
  let phase: { readonly name: string; readonly sinceMs: number } | undefined;
  const rewinds = { areInVain: false };
  const coverage = createCoverage();
  const memory = {
    coverage,
    /** Since this node streamed last, a rewind found nothing to take back. */
    rewinds,
    failedStarts: 0,
    /** The data directory was replaced or changed while PostgreSQL was down. */
    isDataChanged: true,
    /**
     * A promotion ended between the removal of its standby.signal and its new timeline. Started as it is, PostgreSQL
     * would write on the old primary's timeline.
     */
    isPromotionCut: false,
    /** The next run begins as a primary with nothing to recover. */
    startsClean: false,
    /** Where this agent wrote the sync record last, and was told so; undefined while a request has no answer. */
    settledSync: undefined as bigint | undefined,
    /** The run of this process: a new one when PostgreSQL was started again. */
    runOf({ pid, as, startedAtMs }: RunningPostgres) {
      if (run?.startedAtMs !== startedAtMs)
        run = createRun(startedAtMs, pid, memory.startsClean, rewinds, coverage);
      run.as = as;
      stoppedSinceMs = undefined;
      return run;
    },
    /** For how long PostgreSQL has been seen down. */
    stoppedForMs(atMs: number): number {
      stoppedSinceMs ??= atMs;
      return atMs - stoppedSinceMs;
    },
    /** For how long the lock has been in this term and phase. */
    phaseForMs({ term, phase: current }: LockRecord, atMs: number): number {
      const name = `${term} ${current}`;
      if (phase?.name !== name) phase = { name, sinceMs: atMs };
      return atMs - phase.sinceMs;
    },
    /** PostgreSQL is down: a run that never answered was a failed start. */
    forgetRun(): void {
      if (run) memory.failedStarts = run.hasAnswered ? 0 : memory.failedStarts + 1;
      run = undefined;
    },
    get run() {
      return run;
    },
  };
  return memory;
}

function createRun(
  startedAtMs: number,
  pid: number,
  startsClean: boolean,
  rewinds: { areInVain: boolean },
  coverage: Coverage,
) {
  const since = new Map<string, { value: string; atMs: number }>();
  let silentSinceMs: number | undefined;

  /** For how long `name` has had this value. */
  function unchangedFor(name: string, value: string, atMs: number): number {
    const known = since.get(name);
    if (known?.value === value) return atMs - known.atMs;
    since.set(name, { value, atMs });
    return 0;
  }

  const run = {
    startedAtMs,
    pid,
    rewinds,
    as: "standby" as "primary" | "standby",
    hasAnswered: false,
    kind: undefined as PostgresStatus["kind"] | undefined,
    kindSinceMs: startedAtMs,
    recoveryEnd: 0n,
    syncStandbys: [] as readonly string[],
    syncSince: 0n,
    proof: undefined as PrimaryPostgres["proof"],
    isProving: false,

    /** `askedAtMs`: when the question was asked whose answer came at `atMs`. */
    answered(status: PostgresStatus, askedAtMs: number, atMs: number): void {
      silentSinceMs = undefined;
      if (status.kind === "standby" && status.receiver === "streaming") rewinds.areInVain = false;
      if (status.kind !== run.kind) {
        const isRecovered = run.kind === undefined && status.kind === "primary" && !startsClean;
        run.recoveryEnd = isRecovered ? status.flushPosition : 0n;
        run.kind = status.kind;
        run.kindSinceMs = atMs;
        if (status.kind === "primary") run.noteSync(status.syncStandbys, status.flushPosition);
      } else if (status.kind === "primary" && !isSame(status.syncStandbys, run.syncStandbys)) {
        run.noteSync(status.syncStandbys, status.flushPosition);
      }
      run.hasAnswered = true;
      coverage.answered(status, askedAtMs);
    },
    /** What was proven of the setting before it changed, and changed back perhaps, is no proof of it now (S7). */
    noteSync(syncStandbys: readonly string[], position: bigint): void {
      run.syncStandbys = syncStandbys;
      run.syncSince = position;
      run.proof = undefined;
    },
    /** `askedAtMs`: when the question was asked that has had no answer by `atMs`. */
    unanswered(askedAtMs: number, atMs: number): PostgresState {
      if (!run.hasAnswered) return { kind: "starting", as: run.as, forMs: atMs - startedAtMs };
      silentSinceMs ??= askedAtMs;
      return { kind: "hung", as: run.as, forMs: atMs - silentSinceMs };
    },
    /** 0 while it streams. */
    notStreamingFor(name: string, isStreaming: boolean, atMs: number): number {
      const forMs = unchangedFor(`stream ${name}`, String(isStreaming), atMs);
      return isStreaming ? 0 : Math.max(1, forMs);
    },
    unchangedFor: (name: string, value: string, atMs: number) => unchangedFor(`reply ${name}`, value, atMs),
  };
  return run;
}
