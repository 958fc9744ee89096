/**
 * What this node's PostgreSQL is doing, and since when: turns supervisor state, control file and status queries
 * into the PostgresState of the decision core.
 */
import { join } from "node:path";
import type { Observation, PostgresState } from "@mainstay/ha/observation.ts";
import { type ControlData, ControlDataError, readControlData } from "@mainstay/postgres/control-data.ts";
import type { ProgramContext } from "@mainstay/postgres/program.ts";
import { readStatus } from "@mainstay/postgres/status.ts";
import { pathExists } from "@mainstay/runtime/files.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { NodePaths } from "../node-paths.ts";
import type { SupervisorState } from "../supervisor/protocol.ts";
import type { LocalSession } from "./local-session.ts";
import type { Memory } from "./memory.ts";
import { toState } from "./postgres-state.ts";

/** Of nobody, and as good as started in vain: it leads nothing, and is cloned again where a leader serves (F31). */
const damagedData = {
  kind: "stopped",
  systemId: "damaged",
  timeline: 0,
  isClean: false,
  failedStarts: 2,
} as const;

export interface WatchPorts {
  readonly session: LocalSession;
  readonly paths: NodePaths;
  readonly program: ProgramContext;
  readonly memory: Memory;
}

export function createPostgresWatch({ session, paths, program, memory }: WatchPorts) {
  let control: { exits: number; data: ControlData | "damaged" } | undefined;

  async function stopped(exits: number, signal: AbortSignal): Promise<PostgresState> {
    memory.forgetRun();
    session.close();
    if (!(await pathExists(join(paths.dataDir, "PG_VERSION")))) return { kind: "absent" };
    if (control?.exits !== exits || memory.isDataChanged) {
      control = { exits, data: await readControlData(program, paths.dataDir, signal).catch(damaged) };
      memory.isDataChanged = false;
    }
    const isStandby = await pathExists(join(paths.dataDir, "standby.signal"));
    const forMs = memory.stoppedForMs(monotonicMs());
    if (control.data === "damaged") return { ...damagedData, isStandby, forMs };
    const { systemId, timeline, isClean, isInRecovery } = control.data;
    memory.isPromotionCut = isInRecovery && !isStandby;
    const { failedStarts } = memory;
    return { kind: "stopped", systemId, timeline, isClean, isStandby, failedStarts, forMs };
  }

  return async (
    { postgres, exits }: SupervisorState,
    seen: Pick<Observation, "spec" | "self">,
    signal: AbortSignal,
  ): Promise<PostgresState> => {
    if (!postgres) return stopped(exits, signal);
    const run = memory.runOf(postgres);
    const askedAtMs = monotonicMs();
    try {
      const now = await session.fresh(readStatus);
      const atMs = monotonicMs();
      run.answered(now, askedAtMs, atMs);
      const others = (seen.spec?.members ?? []).map(({ id }) => id).filter((id) => id !== seen.self);
      return toState(now, run, others, atMs);
    } catch {
      return run.unanswered(askedAtMs, monotonicMs());
    }
  };
}

/** What could not be read for another reason is looked at again. */
function damaged(error: unknown): "damaged" {
  if (!(error instanceof ControlDataError)) throw error;
  return "damaged";
}
