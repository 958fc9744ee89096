import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("instance_events")
    .addColumn("instance_id", "uuid", (column) =>
      column.notNull().references("instances.id").onDelete("cascade"),
    )
    .addColumn("id", "text", (column) => column.notNull())
    // Of one moment and one source, the order in which they came.
    .addColumn("position", "bigint", (column) => column.generatedAlwaysAsIdentity())
    .addColumn("at", "timestamptz", (column) => column.notNull())
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("term", "bigint", (column) => column.notNull())
    .addColumn("took_ms", "double precision")
    .addColumn("failure", "text")
    .addColumn("inputs", "jsonb", (column) => column.notNull())
    .addPrimaryKeyConstraint("instance_events_key", ["instance_id", "id"])
    .execute();
  await db.schema
    .createIndex("instance_events_at")
    .on("instance_events")
    .columns(["instance_id", "at", "position"])
    .execute();
  await db.schema.createIndex("instance_events_age").on("instance_events").column("at").execute();
  await sql`comment on table instance_events is 'kept for 30 days'`.execute(db);
}
