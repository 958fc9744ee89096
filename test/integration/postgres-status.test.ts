/** What a real server says about itself, also while it changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readStatus } from "@mainstay/postgres/status.ts";
import type pg from "pg";
import { startPostgres } from "../kit/postgres-server.ts";
import { openSession } from "../kit/session.ts";

test("a promotion that ends between two questions about the server is no error", async () => {
  await using server = await startPostgres("standby");
  const { socketDir: host, ...settings } = server.settings;
  await using asking = await openSession({ ...settings, host });
  await using promoting = await openSession({ ...settings, host });
  assert.equal((await readStatus(asking)).kind, "standby");
  const status = await readStatus(afterFirstAnswer(asking, () => promoting.query("select pg_promote(true)")));
  assert.deepEqual([status.kind, status.timeline], ["primary", 2]);
});

/** The same session; `happen` is over before its second question is asked. */
function afterFirstAnswer(client: pg.Client, happen: () => Promise<unknown>): pg.Client {
  let asked = 0;
  const query = async (text: string) => {
    if (++asked === 2) await happen();
    return client.query(text);
  };
  return Object.assign(Object.create(client), { query });
}
