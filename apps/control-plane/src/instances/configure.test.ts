import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "@mainstay/api-contract/errors.ts";
import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { Tables } from "../store/schema.ts";
import { findEndpoint } from "./configure.ts";

const id = "0a1b2c3d-0000-4000-8000-000000000000";
const actor = { organizationId: "ours", projectId: "p" };

test("an endpoint of another organization's instance does not exist", async () => {
  const theirs = database((sql) => (sql.includes('"instances"') ? [{ id, organization_id: "theirs" }] : []));
  const isNotFound = (error: unknown) => error instanceof ApiError && error.fault.type === "not_found";
  await assert.rejects(findEndpoint(theirs, id, actor), isNotFound);
});

test("a database that is lost while an endpoint is looked for does not make it missing", async () => {
  const lost = new Error("connection terminated");
  const db = database(() => {
    throw lost;
  });
  await assert.rejects(findEndpoint(db, id, actor), lost);
});

/** One that finds the endpoint; `answer` gives the rows of every other query. */
function database(answer: (sql: string) => readonly object[]): Kysely<Tables> {
  const rowsOf = (sql: string) =>
    sql.includes('from "endpoints" where "id"') ? [{ id, instance_id: id }] : answer(sql);
  const connection: DatabaseConnection = {
    // What a caller believes of the rows' type is Kysely's to know.
    executeQuery: async <R>({ sql }: { sql: string }) => ({ rows: rowsOf(sql) }) as QueryResult<R>,
    streamQuery: () => assert.fail("nothing streams"),
  };
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => Object.assign(new DummyDriver(), { acquireConnection: async () => connection }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}
