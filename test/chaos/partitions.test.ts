/** Cables that break in part: who leads, and that nothing is lost. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { historyProblems } from "./check-history.ts";
import { type Cure, cutApart, cutFromStore } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair();
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance, clients } = pair;

async function writesGoOn(): Promise<void> {
  const acknowledged = clients.acknowledged();
  const look = () => clients.acknowledged() > acknowledged + 50 || undefined;
  await waitFor(look, { what: "writes", timeoutMs: 20_000 });
}

async function endsHealthy(cure: Cure): Promise<void> {
  await cure();
  await pair.healthy();
  await clients.readAll();
  assert.deepEqual(historyProblems(clients.history), []);
}

test("F16: a primary cut off from the store alone is fenced, and the standby leads", async (t) => {
  const { primary, standby } = await pair.target();
  const cure = await cutFromStore(instance, primary);
  if (!cure) return t.skip("hosts cannot be cut off here");
  await instance.served({ by: standby.id });
  await writesGoOn();
  await endsHealthy(cure);
});

test("F17: a primary cut off from its standby alone goes on, and says first that it is alone", async (t) => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  const cure = await cutApart(primary, standby, true);
  if (!cure) return t.skip("hosts cannot be cut off here");
  await instance.served({ by: primary.id, isSync: false });
  await writesGoOn();
  await endsHealthy(cure);
  assert.equal(await pair.term(), term);
});

for (const sender of ["primary", "standby"] as const) {
  test(`F18: a link that loses what the ${sender} sends costs no leadership`, async (t) => {
    const { primary, standby } = await pair.target();
    const term = await pair.term();
    const [from, to] = sender === "primary" ? [primary, standby] : [standby, primary];
    const cure = await cutApart(from, to, false);
    if (!cure) return t.skip("hosts cannot be cut off here");
    await instance.served({ by: primary.id, isSync: false });
    await writesGoOn();
    await endsHealthy(cure);
    assert.equal(await pair.term(), term);
  });
}
