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
      preferences: JSON.stringify(merge(instance.preferences, input)),
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

function merge(before: Preferences, input: UpdateInstanceInput): Preferences {
  const policy = input.logs_policy;
  return {
    backupFrequencyHours: input.backup_schedule_frequency ?? before.backupFrequencyHours,
    backupRetentionDays: input.backup_schedule_retention ?? before.backupRetentionDays,
    isBackupDisabled: input.is_backup_schedule_disabled ?? before.isBackupDisabled,
    isBackupSameRegion: input.backup_same_region ?? before.isBackupSameRegion,
    logsMaxAgeDays: policy ? (policy.max_age_retention ?? null) : before.logsMaxAgeDays,
    logsMaxBytes: policy ? (policy.total_disk_retention ?? null) : before.logsMaxBytes,
  };
}
