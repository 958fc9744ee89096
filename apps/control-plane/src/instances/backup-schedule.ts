/** When the backup schedule is due. Pure. */
import type { Preferences } from "../store/schema.ts";

const hourMs = 3600_000;
const dayMs = 24 * hourMs;

/**
 * At the hour of the day that was chosen, else counted from the last change of the schedule, or from the creation;
 * then every so many hours. Never in the past; null when it is switched off.
 */
export function nextRun(preferences: Preferences, createdAt: Date, now: Date): Date | null {
  const { backupFrequencyHours, backupStartHour, backupScheduledAt, isBackupDisabled } = preferences;
  if (isBackupDisabled) return null;
  const since = backupScheduledAt === undefined ? createdAt.getTime() : Date.parse(backupScheduledAt);
  const everyMs = backupFrequencyHours * hourMs;
  const first = backupStartHour === undefined ? since + everyMs : hourAfter(since, backupStartHour);
  const missed = Math.max(0, Math.floor((now.getTime() - first) / everyMs) + 1);
  return new Date(first + missed * everyMs);
}

/** UTC. */
function hourAfter(ms: number, hour: number): number {
  const sameDay = Math.floor(ms / dayMs) * dayMs + hour * hourMs;
  return sameDay > ms ? sameDay : sameDay + dayMs;
}
