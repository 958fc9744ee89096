/** S11: why a node must not count as a standby that can take over. Every node publishes its own. */
import type { Observation } from "./observation.ts";

/** A standby that has to replay more than this first would take seconds to be promoted. */
export const replayGapBytes = 128n * 1024n * 1024n;

export function impedimentOf({
  postgres,
  volume,
}: Pick<Observation, "postgres" | "volume">): string | undefined {
  if (volume === "full") return "its volume is full";
  if (volume === "stalled") return "its volume does not answer";
  if (postgres.kind !== "standby") return undefined;
  if (!postgres.isPromotable) return "its replay is paused";
  const gap = postgres.flushPosition - postgres.replayPosition;
  return gap > replayGapBytes ? `it has ${gap} bytes to replay` : undefined;
}
