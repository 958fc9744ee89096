import type { AclRuleView } from "@mainstay/api-contract/acls.ts";
import { formatTimestamp } from "@mainstay/api-contract/common.ts";
import type { EndpointView } from "@mainstay/api-contract/endpoints.ts";
import { engineName } from "@mainstay/api-contract/engines.ts";
import type { InstanceView } from "@mainstay/api-contract/instances.ts";
import { findPlan } from "@mainstay/api-contract/plans.ts";
import type { FoundEngine } from "@mainstay/postgres/engines.ts";
import { shownSettings } from "@mainstay/postgres/plan-settings.ts";
import type { ObservedInstances } from "../observed/observed-instances.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord } from "../store/instances.ts";
import { nextRun } from "./backup-schedule.ts";
import { upgradableVersions } from "./upgradable-versions.ts";

export async function viewInstance(platform: Platform, record: InstanceRecord): Promise<InstanceView> {
  return toInstanceView(record, platform.observed, await enginesOf(platform));
}

export async function viewInstances(platform: Platform, records: readonly InstanceRecord[]) {
  const engines = await enginesOf(platform);
  return records.map((record) => toInstanceView(record, platform.observed, engines));
}

function enginesOf({ compute }: Platform): Promise<readonly FoundEngine[]> {
  return compute.engines(AbortSignal.timeout(10_000));
}

/** The instance on the wire. */
function toInstanceView(
  record: InstanceRecord,
  observed: ObservedInstances,
  engines: readonly FoundEngine[],
): InstanceView {
  const { instance } = record;
  const isMade = instance.status !== "provisioning";
  const { preferences } = instance;
  const endpoints = toEndpointViews(record);
  const plan = findPlan(instance.plan);
  const dueAt = nextRun(preferences, instance.created_at, new Date());
  return {
    id: instance.id,
    name: instance.name,
    organization_id: instance.organization_id,
    project_id: instance.project_id,
    region: instance.region,
    status: statusOf(record, observed),
    engine: engineName(instance.engine_major),
    node_type: instance.plan,
    volume: { type: "lssd", class: "lssd", size: plan?.volumeBytes ?? 0 },
    endpoint: endpoints[0] ?? null,
    endpoints,
    tags: instance.tags,
    settings: plan && isMade ? shownSettings(plan) : [],
    init_settings: [],
    backup_schedule: {
      frequency: preferences.backupFrequencyHours,
      retention: preferences.backupRetentionDays,
      disabled: preferences.isBackupDisabled,
      next_run_at: dueAt && formatTimestamp(dueAt),
    },
    backup_same_region: preferences.isBackupSameRegion,
    is_ha_cluster: instance.is_ha,
    high_availability_mode: instance.is_ha ? "multiple_zone" : "disabled",
    read_replicas: [],
    upgradable_version: isMade ? upgradableVersions(engines, instance.engine_major) : [],
    logs_policy: {
      max_age_retention: preferences.logsMaxAgeDays,
      total_disk_retention: preferences.logsMaxBytes,
    },
    maintenances: [],
    encryption: { enabled: false },
    created_at: formatTimestamp(instance.created_at),
  };
}

export function statusOf(record: InstanceRecord, observed: ObservedInstances): string {
  return progressOf(record, observed).status;
}

/** As desired, except that a loss shows at once, before its reconciler has written it down. */
export function progressOf({ instance, ...record }: InstanceRecord, observed: ObservedInstances) {
  const { status, status_reason } = instance;
  const trouble = status === "ready" ? troubleOf({ instance, ...record }, observed) : undefined;
  return trouble === undefined
    ? { status, status_reason }
    : { status: "autohealing", status_reason: trouble };
}

function troubleOf(record: InstanceRecord, observed: ObservedInstances): string | undefined {
  if (observed.isStoreLost) return "the store is not heard: leaders stop, and nobody knows who serves";
  return observed.isLive ? observed.health(record).trouble : undefined;
}

/** Nothing is shown while it cannot be used yet. */
export function toEndpointViews({ instance, endpoint }: InstanceRecord): EndpointView[] {
  if (!endpoint || instance.status === "provisioning") return [];
  return [{ id: endpoint.id, ip: endpoint.address, port: endpoint.port, name: null, load_balancer: {} }];
}

export function toRuleViews({ rules, endpoint }: InstanceRecord): AclRuleView[] {
  return rules.map(({ ip, description }) => ({
    ip,
    port: endpoint?.port ?? 0,
    protocol: "tcp",
    direction: "inbound",
    action: "allow",
    description,
  }));
}
