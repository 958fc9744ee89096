import { type Kysely, sql } from "kysely";

/** What may be chosen for each instance, and the replacement of lost nodes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .alterTable("instances")
    .addColumn("durability", "text", (column) => column.notNull().defaultTo("available"))
    .addColumn("timing", "text", (column) => column.notNull().defaultTo("fast"))
    .execute();
  const checks = {
    instances_durability: sql`durability in ('available', 'strict')`,
    instances_timing: sql`timing in ('fast', 'safe')`,
    instances_status: sql`status in ('provisioning', 'configuring', 'ready', 'autohealing', 'deleting')`,
  };
  await schema.alterTable("instances").dropConstraint("instances_status").execute();
  for (const [name, rule] of Object.entries(checks)) {
    await schema.alterTable("instances").addCheckConstraint(name, rule).execute();
  }
  await schema
    .alterTable("nodes")
    .addColumn("state", "text", (column) => column.notNull().defaultTo("member"))
    .execute();
  const states = sql`state in ('member', 'replaced', 'leaving')`;
  await schema.alterTable("nodes").addCheckConstraint("nodes_state", states).execute();
  await schema
    .createTable("replacements")
    .addColumn("instance_id", "uuid", (column) =>
      column.notNull().references("instances.id").onDelete("cascade"),
    )
    .addColumn("generation", "integer", (column) => column.notNull())
    .addColumn("at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint("replacements_key", ["instance_id", "generation"])
    .execute();
}
