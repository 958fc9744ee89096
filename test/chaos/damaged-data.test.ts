/** A standby whose data is of no use any more is cloned again by itself, and never counts meanwhile. */
import assert from "node:assert/strict";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { slotName } from "@mainstay/postgres/quote.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import type { TestNode } from "../kit/node.ts";
import { asSuperuser } from "../kit/superuser.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance } = pair;

/** What `damage` does to the standby while its host is off ends in a clone, without a change of leader. */
async function isClonedAfter(damage: (standby: TestNode, primary: TestNode) => Promise<void>): Promise<void> {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await standby.kill();
  await instance.served({ by: primary.id, isSync: false });
  await damage(standby, primary);
  const since = new Date().toISOString();
  standby.start();
  const cloned = async () => {
    const sync = await instance.sync();
    const clone = (await instance.events()).find(
      ({ source, action, at, tookMs }) =>
        source === standby.id && action === "clone" && at > since && tookMs !== undefined,
    );
    assert.ok(clone || sync?.mode === "async", "it counted before it was cloned");
    return clone;
  };
  await waitFor(cloned, { what: "a clone", timeoutMs: 60_000, everyMs: 50 });
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
}

test("F27: a standby whose WAL is gone is cloned again", () =>
  isClonedAfter(async (standby, primary) => {
    const needed = (await instance.status(standby.id))?.flushPosition ?? 0n;
    const position = `'${(needed >> 32n).toString(16)}/${(needed & 0xffffffffn).toString(16)}'`;
    await asSuperuser(primary, "alter system set wal_keep_size = 0");
    await asSuperuser(primary, "select pg_reload_conf()");
    const forget = `select pg_drop_replication_slot('${slotName(standby.id)}');
      select pg_switch_wal(); checkpoint;
      select count(*) from pg_ls_waldir() where name = pg_walfile_name(${position})`;
    const look = async () => (await asSuperuser(primary, forget)).endsWith("\n0");
    await waitFor(look, { what: "the end of the WAL that it needs", timeoutMs: 30_000, everyMs: 300 });
    await asSuperuser(primary, "alter system reset wal_keep_size");
    await asSuperuser(primary, "select pg_reload_conf()");
  }));

test("F31: a standby whose pg_control is cut short is cloned again", () =>
  isClonedAfter(({ volumeDir }) => truncate(join(volumeDir, "data/global/pg_control"), 100)));
