import { type Static, Type } from "typebox";
import { Nullable, PageQuery, Timestamp } from "./common.ts";
import { EndpointSpecInput, EndpointView } from "./endpoints.ts";

const NameValue = Type.Object({ name: Type.String(), value: Type.String() });
const Anything = Type.Object({}, { additionalProperties: true });

/** A newer major version that is installed; its id never changes. */
export const UpgradableVersionView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  version: Type.String(),
  minor_version: Type.String(),
});
export type UpgradableVersionView = Static<typeof UpgradableVersionView>;

export const InstanceView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  organization_id: Type.String(),
  project_id: Type.String(),
  region: Type.String(),
  status: Type.String(),
  engine: Type.String(),
  node_type: Type.String(),
  volume: Type.Object({ type: Type.String(), class: Type.String(), size: Type.Integer() }),
  endpoint: Nullable(EndpointView),
  endpoints: Type.Array(EndpointView),
  tags: Type.Array(Type.String()),
  settings: Type.Array(NameValue),
  init_settings: Type.Array(NameValue),
  backup_schedule: Type.Object({
    frequency: Type.Integer(),
    retention: Type.Integer(),
    disabled: Type.Boolean(),
    next_run_at: Type.Union([Timestamp, Type.Null()], {
      description: "when the schedule is due; it is kept, and no backup is made yet",
    }),
  }),
  backup_same_region: Type.Boolean(),
  is_ha_cluster: Type.Boolean(),
  high_availability_mode: Type.String(),
  read_replicas: Type.Array(Anything),
  upgradable_version: Type.Array(UpgradableVersionView),
  logs_policy: Type.Object({
    max_age_retention: Nullable(Type.Integer()),
    total_disk_retention: Nullable(Type.Integer()),
  }),
  maintenances: Type.Array(Anything),
  encryption: Type.Object({ enabled: Type.Boolean() }),
  created_at: Timestamp,
});
export type InstanceView = Static<typeof InstanceView>;

export const InstanceList = Type.Object({
  instances: Type.Array(InstanceView),
  total_count: Type.Integer(),
});

const optional = {
  text: Type.Optional(Nullable(Type.String({ maxLength: 1000 }))),
  flag: Type.Optional(Nullable(Type.Boolean())),
};
const Tags = Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 });

export const CreateInstanceInput = Type.Object({
  project_id: optional.text,
  organization_id: optional.text,
  name: optional.text,
  engine: Type.String(),
  user_name: optional.text,
  password: optional.text,
  node_type: Type.String(),
  is_ha_cluster: optional.flag,
  high_availability_mode: optional.text,
  disable_backup: optional.flag,
  tags: Type.Optional(Nullable(Tags)),
  init_settings: Type.Optional(Nullable(Type.Array(NameValue))),
  volume_type: optional.text,
  volume_size: Type.Optional(Nullable(Type.Union([Type.Integer({ minimum: 0 }), Type.String()]))),
  init_endpoints: Type.Optional(Nullable(Type.Array(EndpointSpecInput))),
  backup_same_region: optional.flag,
  encryption: Type.Optional(Nullable(Type.Object({ enabled: Type.Optional(Type.Boolean()) }))),
  // Mainstay's own; no client of that API sends them.
  durability: optional.text,
  timing: optional.text,
});
export type CreateInstanceInput = Static<typeof CreateInstanceInput>;

export const UpdateInstanceInput = Type.Object({
  name: optional.text,
  tags: Type.Optional(Nullable(Tags)),
  backup_schedule_frequency: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 8_760 }))),
  backup_schedule_retention: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 3_650 }))),
  is_backup_schedule_disabled: optional.flag,
  backup_same_region: optional.flag,
  backup_schedule_start_hour: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 23 }))),
  logs_policy: Type.Optional(
    Nullable(
      Type.Object({
        max_age_retention: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 3_650 }))),
        total_disk_retention: Type.Optional(
          Nullable(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
        ),
      }),
    ),
  ),
});
export type UpdateInstanceInput = Static<typeof UpdateInstanceInput>;

/** An empty word is the same as none. */
const orders = [
  "",
  "created_at_asc",
  "created_at_desc",
  "name_asc",
  "name_desc",
  "region",
  "status_asc",
  "status_desc",
];

export const InstancesQuery = Type.Object({
  ...PageQuery.properties,
  name: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  project_id: Type.Optional(Type.String()),
  organization_id: Type.Optional(Type.String()),
  has_maintenances: Type.Optional(Type.String()),
  order_by: Type.Optional(Type.Unsafe<string>({ type: "string", enum: orders })),
});
export type InstancesQuery = Static<typeof InstancesQuery>;

export const CertificateFile = Type.Object({
  name: Type.String(),
  content_type: Type.String(),
  content: Type.String({ description: "base64 of the PEM text" }),
});
