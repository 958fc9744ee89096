/** Whatever stands still: no commit of a deposed primary is acknowledged after the new one's first. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { cutOff, freezeHost, freezeProcesses, killHost, type Strike } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());

const cases: Readonly<Record<string, Strike>> = {
  "F10: the agent stands still": ({ primary }) => freezeProcesses(primary, ["agent"]),
  "F10: agent and fencer stand still": ({ primary }) => freezeProcesses(primary, ["agent", "fencer"]),
  "F3: the postmaster stands still": ({ primary }) => freezeProcesses(primary, ["postmaster"]),
  "F23: the whole host stands still and goes on": ({ primary }) => freezeHost(primary),
  "F15: the host is cut off and comes back": ({ primary }) => cutOff(primary),
  "F14: every process of the host is killed": ({ primary }) => killHost(primary),
};

for (const [name, strike] of Object.entries(cases)) {
  test(`${name}: another node leads, the old one acknowledges nothing more and rejoins`, async (t) => {
    const target = await pair.target();
    await using cure = await strike(target);
    if (!cure) return t.skip("hosts cannot be cut off here");
    const other = target.standby.id;
    await pair.instance.served({ by: other });
    await pair.writesGoOn();
    await cure();
    await pair.endsHealthy();
    assert.equal((await pair.target()).primary.id, other);
  });
}

test("F19: nothing is acknowledged at the old primary's address, and the endpoint's old sessions end", async () => {
  const { primary, standby } = await pair.target();
  await using direct = await primary.client();
  await direct.query("create table elsewhere (id int)");
  await using routed = await pair.endpoint();
  let isCut = false;
  routed.once("end", () => {
    isCut = true;
  });
  await using thaw = await freezeHost(primary);
  await pair.instance.served({ by: standby.id });
  await waitFor(() => isCut, { what: "the cut", timeoutMs: 20_000 });
  await thaw();
  await assert.rejects(direct.query("insert into elsewhere values (1)"));
  await assert.rejects(primary.client(), "the old primary lets tenants in");
  await pair.healthy();
  await using client = await standby.client();
  assert.deepEqual((await client.query("select id from elsewhere")).rows, []);
});
