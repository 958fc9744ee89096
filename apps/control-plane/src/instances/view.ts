import type { AclRuleView } from "@mainstay/api-contract/acls.ts";
import { formatTimestamp } from "@mainstay/api-contract/common.ts";
import type { EndpointView } from "@mainstay/api-contract/endpoints.ts";
import { engineName } from "@mainstay/api-contract/engines.ts";
import type { InstanceView } from "@mainstay/api-contract/instances.ts";
import { findPlan } from "@mainstay/api-contract/plans.ts";
import { shownSettings } from "@mainstay/postgres/plan-settings.ts";
import type { ObservedInstances } from "../observed/observed-instances.ts";
import type { InstanceRecord } from "../store/instances.ts";

const hourMs = 3600_000;

/** The instance on the wire. */
export function toInstanceView(record: InstanceRecord, observed: ObservedInstances): InstanceView {
  const { instance } = record;
  const { preferences } = instance;
  const endpoints = toEndpointViews(record);
  const plan = findPlan(instance.plan);
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
    settings: plan && instance.status !== "provisioning" ? shownSettings(plan) : [],
    init_settings: [],
    backup_schedule: {
      frequency: preferences.backupFrequencyHours,
      retention: preferences.backupRetentionDays,
      disabled: preferences.isBackupDisabled,
      next_run_at: preferences.isBackupDisabled
        ? null
        : formatTimestamp(nextRun(instance.created_at, preferences.backupFrequencyHours, new Date())),
    },
    backup_same_region: preferences.isBackupSameRegion,
    is_ha_cluster: instance.is_ha,
    high_availability_mode: instance.is_ha ? "multiple_zone" : "disabled",
    read_replicas: [],
    upgradable_version: [],
    logs_policy: {
      max_age_retention: preferences.logsMaxAgeDays,
      total_disk_retention: preferences.logsMaxBytes,
    },
    maintenances: [],
    encryption: { enabled: false },
    created_at: formatTimestamp(instance.created_at),
  };
}

/** Counted from the creation, and never in the past. */
export function nextRun(createdAt: Date, everyHours: number, now: Date): Date {
  const everyMs = everyHours * hourMs;
  const runs = Math.max(1, Math.floor((now.getTime() - createdAt.getTime()) / everyMs) + 1);
  return new Date(createdAt.getTime() + runs * everyMs);
}

/** As desired, except that a loss shows at once, before its reconciler has written it down. */
export function statusOf(record: InstanceRecord, observed: ObservedInstances): string {
  const { status } = record.instance;
  if (status !== "ready" || !observed.isLive) return status;
  return observed.health(record).trouble === undefined ? "ready" : "autohealing";
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
