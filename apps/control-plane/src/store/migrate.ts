import { Migrator } from "kysely/migration";
import type { Database } from "./database.ts";
import * as firstTables from "./migrations/0001-first-tables.ts";
import * as instanceEvents from "./migrations/0002-instance-events.ts";
import * as healing from "./migrations/0003-healing.ts";
import * as endpointAnswers from "./migrations/0004-endpoint-answers.ts";

/** Immutable and numbered: a released migration is never edited, only followed by another. */
const migrations = {
  "0001-first-tables": firstTables,
  "0002-instance-events": instanceEvents,
  "0003-healing": healing,
  "0004-endpoint-answers": endpointAnswers,
};

/** Brings the tables up to date. Replicas that start together wait for each other. */
export async function migrate(db: Database): Promise<void> {
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
