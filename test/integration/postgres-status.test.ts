/** What a real server says about itself, also while it changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readStatus } from "@mainstay/postgres/status.ts";
import pg from "pg";
import { startPostgres } from "../kit/postgres-server.ts";

test("a promotion that ends between two questions about the server is no error", async () => {
  await using server = await startPostgres("standby");
  await using asking = await connect(server.settings);
  await using promoting = await connect(server.settings);
  assert.equal((await readStatus(asking)).kind, "standby");
  const status = await readStatus(afterFirstAnswer(asking, () => promoting.query("select pg_promote(true)")));
  assert.deepEqual([status.kind, status.timeline], ["primary", 2]);
});

async function connect({ socketDir, ...settings }: { socketDir: string; port: number }) {
  const client = new pg.Client({ ...settings, host: socketDir });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** The same session; `happen` is over before its second question is asked. */
function afterFirstAnswer(client: pg.Client, happen: () => Promise<unknown>): pg.Client {
  let asked = 0;
  const query = async (text: string) => {
    if (++asked === 2) await happen();
    return client.query(text);
  };
  return Object.assign(Object.create(client), { query });
}
