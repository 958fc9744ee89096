/** F4: volumes that answer no write for a while; what waits for them cannot even be killed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hangVolume } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair({ volumeBytes: 1.5e9 });
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance } = pair;

test("F4: a standby whose volume hangs is left behind, and counts again when it answers", async (t) => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await using cure = await hangVolume(standby);
  if (!cure) return t.skip("volumes cannot be mounted here");
  await instance.served({ by: primary.id, isSync: false });
  await pair.writesGoOn();
  await cure();
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});

test("F4: a primary whose volume hangs hands over, and comes back when it answers", async (t) => {
  const { primary, standby } = await pair.target();
  await using cure = await hangVolume(primary);
  if (!cure) return t.skip("volumes cannot be mounted here");
  await instance.served({ by: standby.id });
  await pair.writesGoOn();
  await cure();
  await pair.endsHealthy();
  assert.equal((await pair.target()).primary.id, standby.id);
});
