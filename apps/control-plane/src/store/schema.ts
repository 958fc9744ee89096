/** The tables of the control plane: desired state, and what creation has done so far. */
import type { Durability } from "@mainstay/domain/cluster.ts";
import type { EventInputs, EventKind } from "@mainstay/domain/event.ts";
import type { TimingPreset } from "@mainstay/domain/timing.ts";
import type { ColumnType, Generated, JSONColumnType, Selectable } from "kysely";

type CreatedAt = ColumnType<Date, Date | undefined, never>;

export interface Preferences {
  readonly backupFrequencyHours: number;
  readonly backupRetentionDays: number;
  /** Hour of the day, UTC; absent: whenever the schedule began. */
  readonly backupStartHour?: number;
  /** The last change of the schedule; absent: it is as old as the instance. */
  readonly backupScheduledAt?: string;
  readonly isBackupDisabled: boolean;
  readonly isBackupSameRegion: boolean;
  readonly logsMaxAgeDays: number | null;
  readonly logsMaxBytes: number | null;
}

export interface InstancesTable {
  id: string;
  name: string;
  organization_id: string;
  project_id: string;
  region: string;
  engine_major: number;
  plan: string;
  is_ha: boolean;
  tags: string[];
  preferences: JSONColumnType<Preferences>;
  durability: Durability;
  timing: TimingPreset;
  status: "provisioning" | "configuring" | "ready" | "autohealing" | "deleting";
  status_reason: string;
  /** Grows with every change that agents or the balancer must follow. */
  generation: number;
  admin_name: string | null;
  /** The SCRAM verifier of the first user; null again once its node holds it. */
  admin_verifier: string | null;
  created_at: CreatedAt;
  ready_at: Date | null;
}

export interface NodesTable {
  id: string;
  instance_id: string;
  ordinal: number;
  host_id: string;
  zone: string;
  address: string | null;
  port: number | null;
  is_started: boolean;
  /** member: in the specification. replaced: kept until the pair is whole again. leaving: is being deleted. */
  state: ColumnType<"member" | "replaced" | "leaving", "member" | undefined>;
}

/** Of lost nodes, each with the generation that it made: how many there may be in an hour is limited. */
export interface ReplacementsTable {
  instance_id: string;
  generation: number;
  at: CreatedAt;
}

export interface EndpointsTable {
  id: string;
  instance_id: string;
  address: string;
  port: number;
  /** A query through it has succeeded, or could not be tried. */
  has_answered: boolean;
}

export interface AclRulesTable {
  instance_id: string;
  ip: string;
  description: string;
}

export interface ApiKeysTable {
  access_key: string;
  /** sha256, hexadecimal: the secret is 122 random bits, so a fast hash cannot be searched. */
  secret_hash: string;
  organization_id: string;
  project_id: string;
  expires_at: Date | null;
  created_at: CreatedAt;
}

export interface MeteringTable {
  id: Generated<string>;
  instance_id: string;
  project_id: string;
  plan: string;
  node_count: number;
  event: "started" | "ended";
  at: CreatedAt;
}

/** See InstanceEvent of packages/domain. */
export interface InstanceEventsTable {
  instance_id: string;
  id: string;
  position: Generated<string>;
  at: Date;
  source: string;
  kind: EventKind;
  action: string;
  reason: string;
  term: ColumnType<string, number, never>;
  took_ms: number | null;
  failure: string | null;
  inputs: JSONColumnType<EventInputs>;
}

export interface Tables {
  instance_events: InstanceEventsTable;
  instances: InstancesTable;
  nodes: NodesTable;
  replacements: ReplacementsTable;
  endpoints: EndpointsTable;
  acl_rules: AclRulesTable;
  api_keys: ApiKeysTable;
  metering: MeteringTable;
}

export type InstanceRow = Selectable<InstancesTable>;
export type NodeRow = Selectable<NodesTable>;
export type EndpointRow = Selectable<EndpointsTable>;
export type AclRow = Selectable<AclRulesTable>;
export type ApiKeyRow = Selectable<ApiKeysTable>;
export type EventRow = Selectable<InstanceEventsTable>;
