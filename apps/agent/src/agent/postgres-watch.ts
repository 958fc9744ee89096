/**
 * What this node's PostgreSQL is doing, and since when: turns supervisor state, control file and status queries
 * into the PostgresState of the decision core.
 */
import { join } from "node:path";
import type {
  AttachedStandby,
  Observation,
  PostgresState,
  PrimaryPostgres,
} from "@mainstay/ha/observation.ts";
import { type ControlData, readControlData } from "@mainstay/postgres/control-data.ts";
import type { ProgramContext } from "@mainstay/postgres/program.ts";
import {
  type PostgresStatus,
  type PrimaryStatus,
  readStatus,
  type StandbyStatus,
} from "@mainstay/postgres/status.ts";
import { pathExists } from "@mainstay/runtime/files.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { NodePaths } from "../node-paths.ts";
import type { SupervisorState } from "../supervisor/protocol.ts";
import { connectLocal, type LocalClient, type LocalServer } from "./local-client.ts";
import type { Memory } from "./memory.ts";

/** A session is renewed this often, so that a postmaster that no longer forks is noticed. */
const sessionMs = 1_000;

export interface WatchPorts {
  readonly server: LocalServer;
  readonly paths: NodePaths;
  readonly program: ProgramContext;
  readonly memory: Memory;
}

export function createPostgresWatch({ server, paths, program, memory }: WatchPorts) {
  let session: { client: LocalClient; sinceMs: number } | undefined;
  let control: { exits: number; data: ControlData } | undefined;

  async function stopped(exits: number, signal: AbortSignal): Promise<PostgresState> {
    memory.forgetRun();
    await closeSession();
    if (!(await pathExists(join(paths.dataDir, "PG_VERSION")))) return { kind: "absent" };
    if (control?.exits !== exits || memory.isDataChanged) {
      control = { exits, data: await readControlData(program, paths.dataDir, signal) };
      memory.isDataChanged = false;
    }
    const { systemId, timeline, isClean } = control.data;
    const isStandby = await pathExists(join(paths.dataDir, "standby.signal"));
    return { kind: "stopped", systemId, timeline, isClean, isStandby, failedStarts: memory.failedStarts };
  }

  async function closeSession(): Promise<void> {
    const old = session;
    session = undefined;
    await old?.client.end().catch(() => {});
  }

  async function status(): Promise<PostgresStatus> {
    if (session && monotonicMs() - session.sinceMs > sessionMs) await closeSession();
    session ??= { client: await connectLocal(server, { queryTimeoutMs: 1_000 }), sinceMs: monotonicMs() };
    try {
      return await readStatus(session.client);
    } catch (error) {
      await closeSession();
      throw error;
    }
  }

  return async (
    { postgres, exits }: SupervisorState,
    seen: Pick<Observation, "spec" | "self">,
    signal: AbortSignal,
  ): Promise<PostgresState> => {
    if (!postgres) return stopped(exits, signal);
    const run = memory.runOf(postgres);
    try {
      const now = await status();
      const atMs = monotonicMs();
      run.answered(now, atMs);
      const others = (seen.spec?.members ?? []).map(({ id }) => id).filter((id) => id !== seen.self);
      return now.kind === "primary" ? toPrimary(now, run, others, atMs) : toStandby(now, run, atMs);
    } catch {
      const atMs = monotonicMs();
      return run.unanswered(atMs);
    }
  };
}

type Run = ReturnType<Memory["runOf"]>;

function toPrimary(
  status: PrimaryStatus,
  run: Run,
  others: readonly string[],
  atMs: number,
): PrimaryPostgres {
  const { systemId, timeline, flushPosition, syncStandbys, access: isOpen } = status;
  return {
    kind: "primary",
    systemId,
    timeline,
    flushPosition,
    syncStandbys,
    access: isOpen,
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

function toStandby(status: StandbyStatus, run: Run, atMs: number): PostgresState {
  const isStreaming = status.receiver === "streaming";
  return {
    ...status,
    upstream: status.upstream,
    forMs: atMs - run.kindSinceMs,
    notStreamingForMs: run.notStreamingFor("upstream", isStreaming, atMs),
  };
}
