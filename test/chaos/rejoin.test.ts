/** Whatever interrupts it, a node ends as a healthy standby without hands. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { processesUnder } from "@mainstay/runtime/process-tree.ts";
import type { TestNode } from "../kit/node.ts";
import { cureBy, fillDisk, freezePids, killHost, killProcess } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair({ volumeBytes: 1.5e9 });
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());

/** Resolves when so many of the node's processes, other than these, run this program. */
async function runs(
  node: TestNode,
  program: string,
  { count = 1, otherThan = [] }: { readonly count?: number; readonly otherThan?: readonly number[] } = {},
): Promise<readonly number[]> {
  const look = async () => {
    const pids = (await processesUnder(node.dir, [program])).filter((pid) => !otherThan.includes(pid));
    return pids.length >= count && pids;
  };
  return waitFor(look, { what: program, timeoutMs: 30_000, everyMs: 1 });
}

/** Resolves when the standby, without its data, is cloning. */
async function clones(standby: TestNode): Promise<void> {
  await standby.kill();
  await rm(join(standby.volumeDir, "data"), { recursive: true });
  standby.start();
  await runs(standby, "pg_basebackup");
}

/** Resolves when the standby has claimed the lead of a primary that is gone. */
async function claimed(term: number): Promise<void> {
  const look = async () => (await pair.term()) > term;
  await waitFor(look, { what: "the standby's claim", timeoutMs: 20_000, everyMs: 2 });
}

/** The primary goes, the other leads, and the old one comes back as one that must be rewound. */
async function depose(): Promise<TestNode> {
  const { primary, standby } = await pair.target();
  await primary.kill();
  await pair.instance.served({ by: standby.id });
  await pair.writesGoOn();
  primary.start();
  return primary;
}

test("F24: a power cut during a rewind ends in a healthy standby", async () => {
  const returning = await depose();
  await runs(returning, "pg_rewind");
  await using cure = await killHost(returning);
  await cure();
  await pair.endsHealthy();
});

test("F30: a power cut during a clone ends in a healthy standby", async () => {
  const { standby } = await pair.target();
  await clones(standby);
  await using cure = await killHost(standby);
  await cure();
  await pair.endsHealthy();
});

test("F11, F30: what a killed agent's clone left running is ended before the next agent clones", async () => {
  const { standby } = await pair.target();
  await clones(standby);
  // Itself and its receiver of WAL; frozen, it does not end by itself.
  const first = await runs(standby, "pg_basebackup", { count: 2 });
  await using _thawed = freezePids(first);
  await killProcess(standby, "agent");
  await runs(standby, "pg_basebackup", { otherThan: first });
  const running = await processesUnder(standby.dir, ["pg_basebackup"]);
  assert.deepEqual(
    first.filter((pid) => running.includes(pid)),
    [],
  );
  await pair.endsHealthy();
});

test("F11, F44, F45: a power cut during a promotion ends in a healthy pair", async () => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await primary.kill();
  await claimed(term);
  await standby.kill();
  primary.start();
  standby.start();
  await pair.endsHealthy();
});

test("F44: a promotion that was cut short before its new timeline is done again, not gone on with", async () => {
  const { primary, standby } = await pair.target();
  const [term, before] = [await pair.term(), (await pair.instance.status(primary.id))?.timeline ?? 0];
  await primary.kill();
  await claimed(term);
  await standby.kill();
  await rm(join(standby.volumeDir, "data/standby.signal"), { force: true });
  standby.start();
  await pair.instance.served({ by: standby.id });
  assert.ok(((await pair.instance.status(standby.id))?.timeline ?? 0) > before);
  primary.start();
  await pair.endsHealthy();
});

test("F25: an old primary that is back before the new one's checkpoint ends as a healthy standby", async () => {
  const { primary, standby } = await pair.target();
  await primary.kill();
  const isPrimary = async () => {
    const lock = await pair.instance.lock();
    return lock?.holder === standby.id && lock.phase !== "claimed";
  };
  await waitFor(isPrimary, { what: "the promotion", timeoutMs: 20_000, everyMs: 2 });
  primary.start();
  await runs(primary, "pg_rewind");
  await pair.endsHealthy();
});

test("F13: an agent that is replaced in the middle of its takeover finishes it", async () => {
  const { primary, standby } = await pair.target();
  const term = await pair.term();
  await using cure = await killHost(primary);
  await claimed(term);
  await killProcess(standby, "agent");
  await pair.instance.served({ by: standby.id });
  await cure();
  await pair.endsHealthy();
});

test("F13: a changed specification in the middle of a takeover is taken up", async () => {
  const { primary } = await pair.target();
  const term = await pair.term();
  await using cure = await killHost(primary);
  await claimed(term);
  await pair.instance.specify({ durability: "strict" });
  await using relax = cureBy(() => pair.instance.specify({ durability: "available" }));
  await cure();
  await pair.endsHealthy();
  await relax();
  await pair.endsHealthy();
});

test("F41: a standby whose disk is full stops no writes, and comes back when there is room", async (t) => {
  const { standby } = await pair.target();
  const term = await pair.term();
  await using cure = await fillDisk(standby);
  if (!cure) return t.skip("volumes cannot be mounted here");
  await waitFor(async () => (await pair.instance.sync())?.mode === "async", {
    what: "the loss of the standby",
    timeoutMs: 60_000,
  });
  await pair.writesGoOn();
  await cure();
  await pair.endsHealthy();
  assert.equal(await pair.term(), term);
});
