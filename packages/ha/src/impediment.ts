/** S11: why a node must not count as a standby that can take over. Every node publishes its own. */
import type { Observation, PostgresState } from "./observation.ts";

/** A standby that has to replay more than this first would take seconds to be promoted. */
export const replayGapBytes = 128n * 1024n * 1024n;

/** A server that takes no connection for this long may stream, and still never be promoted. */
const muteAfterMs = 5_000;

export function impedimentOf({
  postgres,
  volume,
}: Pick<Observation, "postgres" | "volume">): string | undefined {
  if (volume === "full") return "its volume is full";
  if (volume === "stalled") return "its volume does not answer";
  if (isMute(postgres)) return "its PostgreSQL takes no connection";
  if (postgres.kind !== "standby") return undefined;
  if (!postgres.isPromotable) return "its replay is paused";
  const gap = postgres.flushPosition - postgres.replayPosition;
  return gap > replayGapBytes ? `it has ${gap} bytes to replay` : undefined;
}

/** F31: PostgreSQL streams before it can open a session, and goes on when it never can. */
function isMute(postgres: PostgresState): boolean {
  return (postgres.kind === "starting" || postgres.kind === "hung") && postgres.forMs >= muteAfterMs;
}
