/** F22: the wall clocks of the nodes, PostgreSQL's too, jump by an hour; the leader, its term and its sessions stay. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import type pg from "pg";
import type { TestNode } from "../kit/node.ts";
import { cureBy } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair({ hasOwnClocks: true });
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());

type Who = (target: { primary: TestNode; standby: TestNode }) => readonly TestNode[];
const whose: Readonly<Record<string, Who>> = {
  "the primary's": ({ primary }) => [primary],
  "the standby's": ({ standby }) => [standby],
  "every node's": ({ primary, standby }) => [primary, standby],
};
const hourS = 3_600;

for (const [name, who] of Object.entries(whose)) {
  test(`F22: ${name} wall clock jumps an hour ahead, then back: no failover, no cut session`, async (t) => {
    const target = await pair.target();
    const nodes = who(target);
    if (!nodes.every(({ clock }) => clock)) return t.skip("libfaketime is not installed");
    const [term, postmaster] = [await pair.term(), await target.primary.pid("postmaster")];
    await using session = await target.primary.client();
    const setAll = (aheadS: number) => Promise.all(nodes.map(({ clock }) => clock?.set(aheadS)));
    await using _back = cureBy(() => setAll(0));
    for (const aheadS of [hourS, 0]) {
      await setAll(aheadS);
      await Promise.all(nodes.map((node) => untilAhead(node, aheadS)));
      await pair.healthy();
      if (nodes.includes(target.primary)) assertAhead(await serverMs(session), aheadS);
    }
    assert.equal(await pair.term(), term);
    assert.equal(await target.primary.pid("postmaster"), postmaster);
    await pair.endsHealthy();
  });
}

/** By what its agent writes into its status. */
async function untilAhead({ id }: TestNode, aheadS: number): Promise<void> {
  const look = async () => {
    const at = Date.parse((await pair.instance.status(id))?.observedAt ?? "");
    return isAhead(at, aheadS);
  };
  await waitFor(look, { what: `status of ${id} by the changed clock`, timeoutMs: 10_000 });
}

async function serverMs(session: pg.Client): Promise<number> {
  const { rows } = await session.query<{ at: Date }>("select clock_timestamp() as at");
  return rows[0]?.at.getTime() ?? Number.NaN;
}

function assertAhead(atMs: number, aheadS: number): void {
  assert.ok(isAhead(atMs, aheadS), `PostgreSQL's clock shows ${new Date(atMs).toISOString()}`);
}

function isAhead(atMs: number, aheadS: number): boolean {
  return Math.abs(atMs - Date.now() - aheadS * 1_000) < 60_000;
}
