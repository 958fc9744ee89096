import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("instances")
    .addColumn("id", "uuid", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("organization_id", "uuid", (column) => column.notNull())
    .addColumn("project_id", "uuid", (column) => column.notNull())
    .addColumn("region", "text", (column) => column.notNull())
    .addColumn("engine_major", "integer", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("is_ha", "boolean", (column) => column.notNull())
    .addColumn("tags", sql`text[]`, (column) => column.notNull())
    .addColumn("preferences", "jsonb", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("status_reason", "text", (column) => column.notNull())
    .addColumn("generation", "integer", (column) => column.notNull())
    .addColumn("admin_name", "text")
    .addColumn("admin_verifier", "text")
    .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn("ready_at", "timestamptz")
    .addCheckConstraint(
      "instances_status",
      sql`status in ('provisioning', 'configuring', 'ready', 'deleting')`,
    )
    .execute();
  await db.schema
    .createTable("nodes")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("instance_id", "uuid", (column) => column.notNull().references("instances.id"))
    .addColumn("ordinal", "integer", (column) => column.notNull())
    .addColumn("host_id", "text", (column) => column.notNull())
    .addColumn("zone", "text", (column) => column.notNull())
    .addColumn("address", "text")
    .addColumn("port", "integer")
    .addColumn("is_started", "boolean", (column) => column.notNull().defaultTo(false))
    .addUniqueConstraint("nodes_ordinal", ["instance_id", "ordinal"])
    // Anti-affinity, held by the database too: no two nodes of an instance on one host.
    .addUniqueConstraint("nodes_host", ["instance_id", "host_id"])
    .execute();
  await createEndpointTables(db);
  await createAccountTables(db);
}

async function createEndpointTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("endpoints")
    .addColumn("id", "uuid", (column) => column.primaryKey())
    .addColumn("instance_id", "uuid", (column) => column.notNull().references("instances.id").unique())
    .addColumn("address", "text", (column) => column.notNull())
    .addColumn("port", "integer", (column) => column.notNull())
    .addUniqueConstraint("endpoints_port", ["address", "port"])
    .execute();
  await db.schema
    .createTable("acl_rules")
    .addColumn("instance_id", "uuid", (column) => column.notNull().references("instances.id"))
    .addColumn("ip", "text", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("acl_rules_key", ["instance_id", "ip"])
    .execute();
}

async function createAccountTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("api_keys")
    .addColumn("access_key", "text", (column) => column.primaryKey())
    .addColumn("secret_hash", "text", (column) => column.notNull().unique())
    .addColumn("organization_id", "uuid", (column) => column.notNull())
    .addColumn("project_id", "uuid", (column) => column.notNull())
    .addColumn("expires_at", "timestamptz")
    .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .execute();
  // No reference to instances: it outlives them.
  await db.schema
    .createTable("metering")
    .addColumn("id", "bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity())
    .addColumn("instance_id", "uuid", (column) => column.notNull())
    .addColumn("project_id", "uuid", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("node_count", "integer", (column) => column.notNull())
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .addUniqueConstraint("metering_once", ["instance_id", "event"])
    .execute();
}
