/** Cables that break in part: who leads, and that nothing is lost. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cutApart, cutFromStore, type Strike } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance } = pair;

test("F16: a primary cut off from the store alone is fenced, and the standby leads", async (t) => {
  const { primary, standby } = await pair.target();
  await using cure = await cutFromStore(instance, primary);
  if (!cure) return t.skip("hosts cannot be cut off here");
  await instance.served({ by: standby.id });
  await pair.writesGoOn();
  await cure();
  await pair.endsHealthy();
});

const cuts: Readonly<Record<string, Strike>> = {
  "F17: a primary cut off from its standby alone goes on, and says first that it is alone": (target) =>
    cutApart(target.primary, target.standby, true),
  "F18: a link that loses what the primary sends costs no leadership": (target) =>
    cutApart(target.primary, target.standby, false),
  "F18: a link that loses what the standby sends costs no leadership": (target) =>
    cutApart(target.standby, target.primary, false),
};

for (const [name, strike] of Object.entries(cuts)) {
  test(name, async (t) => {
    const target = await pair.target();
    const term = await pair.term();
    await using cure = await strike(target);
    if (!cure) return t.skip("hosts cannot be cut off here");
    await instance.served({ by: target.primary.id, isSync: false });
    await pair.writesGoOn();
    await cure();
    await pair.endsHealthy();
    assert.equal(await pair.term(), term);
  });
}
