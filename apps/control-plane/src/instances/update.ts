import { labelProblem } from "@mainstay/api-contract/credentials.ts";
import { invalidArguments } from "@mainstay/api-contract/errors.ts";
import type { UpdateInstanceInput } from "@mainstay/api-contract/instances.ts";
import type { Actor, Platform } from "../platform.ts";
import { type InstanceRecord, updateInstance as store } from "../store/instances.ts";
import type { Preferences } from "../store/schema.ts";
import { changeInstance, getInstance } from "./find.ts";

/** Name, tags and preferences; nothing that nodes have to follow. */
export async function updateInstance(
  platform: Platform,
  id: string,
  input: UpdateInstanceInput,
  actor: Actor,
): Promise<InstanceRecord> {
  refuseBadLabels(input);
  return changeInstance(platform, id, actor, async (trx, { instance }) => {
    await store(trx, instance.id, {
      name: input.name || instance.name,
      tags: input.tags ?? instance.tags,
      preferences: JSON.stringify(merge(instance.preferences, input, new Date())),
    });
    return getInstance(trx, instance.id, actor);
  });
}

function refuseBadLabels({ name, tags }: UpdateInstanceInput): void {
  const problems = [
    { argument_name: "name", help_message: labelProblem(name ?? "") },
    ...(tags ?? []).map((tag) => ({ argument_name: "tags", help_message: labelProblem(tag) })),
  ].flatMap(({ argument_name, help_message }) =>
    help_message === undefined ? [] : [{ argument_name, help_message, reason: "constraint" as const }],
  );
  if (problems.length > 0) throw invalidArguments(problems);
}

function merge(before: Preferences, input: UpdateInstanceInput, now: Date): Preferences {
  const policy = input.logs_policy;
  return {
    ...mergeSchedule(before, input, now),
    backupRetentionDays: input.backup_schedule_retention ?? before.backupRetentionDays,
    isBackupSameRegion: input.backup_same_region ?? before.isBackupSameRegion,
    logsMaxAgeDays: policy ? (policy.max_age_retention ?? null) : before.logsMaxAgeDays,
    logsMaxBytes: policy ? (policy.total_disk_retention ?? null) : before.logsMaxBytes,
  };
}

/** A change of when backups are due begins a new count; naming the same again changes nothing. */
function mergeSchedule(before: Preferences, input: UpdateInstanceInput, now: Date): Preferences {
  const backupFrequencyHours = input.backup_schedule_frequency ?? before.backupFrequencyHours;
  const backupStartHour = input.backup_schedule_start_hour ?? before.backupStartHour;
  const isBackupDisabled = input.is_backup_schedule_disabled ?? before.isBackupDisabled;
  const isSame =
    backupFrequencyHours === before.backupFrequencyHours &&
    backupStartHour === before.backupStartHour &&
    (isBackupDisabled || !before.isBackupDisabled);
  return {
    ...before,
    backupFrequencyHours,
    ...(backupStartHour !== undefined && { backupStartHour }),
    ...(!isSame && { backupScheduledAt: now.toISOString() }),
    isBackupDisabled,
  };
}
