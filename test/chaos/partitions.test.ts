/** Cables that break in part: who leads, and that nothing is lost. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cutApart, cutFromStore } from "./faults.ts";
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

test("F17: a primary cut off from its standby alone goes on, and says first that it is alone", async (t) => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await using cure = await cutApart(primary, standby, true);
  if (!cure) return t.skip("hosts cannot be cut off here");
  await instance.served({ by: primary.id, isSync: false });
  await pair.writesGoOn();
  await cure();
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});

for (const sender of ["primary", "standby"] as const) {
  test(`F18: a link that loses what the ${sender} sends costs no leadership`, async (t) => {
    const { primary, standby } = await pair.target();
    const term = await pair.term();
    const [from, to] = sender === "primary" ? [primary, standby] : [standby, primary];
    await using cure = await cutApart(from, to, false);
    if (!cure) return t.skip("hosts cannot be cut off here");
    await instance.served({ by: primary.id, isSync: false });
    await pair.writesGoOn();
    await cure();
    await pair.endsHealthy();
    assert.equal(await pair.term(), term);
  });
}
