/** Full volumes: what the pair does without room, and that it comes back by itself when there is some. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RunError } from "@mainstay/runtime/run.ts";
import { asTenant } from "../kit/tenant.ts";
import { fillDisk } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair({ volumeBytes: 1.5e9 });
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());

test("F40: a primary whose disk is full loses nothing and goes on when there is room, whoever leads", async (t) => {
  const { primary } = await pair.target();
  await using cure = await fillDisk(primary);
  if (!cure) return t.skip("volumes cannot be mounted here");
  await assert.rejects(loadTables(), /No space left|could not|connection/i);
  await cure();
  await pair.endsHealthy();
});

/** More than what is left in files that PostgreSQL has already. */
async function loadTables(): Promise<void> {
  const { address: host, port } = pair.balancer;
  const loading = asTenant({ host, port }, "pgbench", ["-i", "-s", "30", "-q"], { timeoutMs: 60_000 });
  await loading.catch((error: unknown) => {
    throw new Error(
      error instanceof RunError && "stderr" in error.fault ? error.fault.stderr : String(error),
    );
  });
}
