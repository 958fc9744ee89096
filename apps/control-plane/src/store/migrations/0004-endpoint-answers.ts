import type { Kysely } from "kysely";

/** Whether a query through an endpoint has succeeded; those of before were in use. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("endpoints")
    .addColumn("has_answered", "boolean", (column) => column.notNull().defaultTo(true))
    .execute();
}
