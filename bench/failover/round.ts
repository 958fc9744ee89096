/** One fault, from a healthy pair to a healthy pair. */
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import type { Fault } from "./faults.ts";
import type { Step, Subject } from "./subject.ts";
import { longestGap, untilWrites, type Writer } from "./writer.ts";

export interface Round {
  readonly fault: string;
  /** The longest time between two acknowledgements, of those that end after the fault. */
  readonly blockedMs: number;
  readonly errors: number;
  readonly lostRows: number;
  readonly termChanges: number;
  readonly isFalseFailover: boolean;
  /** From the cure to a pair that is healthy again. */
  readonly rejoinMs: number;
  /** From the fault on, until writes went on. */
  readonly steps: readonly Step[];
}

/** So many writes without a break: the fault is over, or had no effect. */
const settledWrites = { changes: 50, stays: 150 };
const limitMs = 120_000;

/** `momentMs`: how long after all is well the fault strikes. Undefined: it cannot be done here. */
export async function playRound(
  subject: Subject,
  writer: Writer,
  fault: Fault,
  momentMs: number,
): Promise<Round | undefined> {
  const pair = await subject.healthy();
  const termBefore = await subject.term();
  await pause(momentMs);
  const errorsBefore = writer.errors;
  const struckMs = performance.now();
  const struckAtMs = Date.now();
  const cure = await fault.strike(subject, pair);
  if (!cure) return undefined;
  const leader = subject.keepsLeader.has(fault.name) ? "stays" : fault.leader;
  if (leader === "changes") await untilTermAbove(subject, termBefore);
  await untilWrites(writer, settledWrites[leader]);
  const writesMs = longestGap(writer, struckMs).endMs;
  await cure();
  const curedMs = performance.now();
  await subject.healthy();
  const rejoinMs = performance.now() - curedMs;
  await untilWrites(writer, 10);
  const termChanges = (await subject.term()) - termBefore;
  const steps = await subject.steps(struckAtMs);
  return {
    fault: fault.name,
    blockedMs: longestGap(writer, struckMs).ms,
    errors: writer.errors - errorsBefore,
    lostRows: await writer.lostRows(),
    termChanges,
    isFalseFailover: termChanges > (leader === "changes" ? 1 : 0),
    rejoinMs,
    steps: steps
      .map((step) => ({ ...step, atMs: step.atMs - struckAtMs }))
      .concat([{ atMs: writesMs - struckMs, who: "client", what: "first acknowledged write after the gap" }]),
  };
}

async function untilTermAbove(subject: Subject, term: number): Promise<void> {
  const look = async () => (await subject.term().catch(() => term)) > term;
  await waitFor(look, { what: "another leader", timeoutMs: limitMs, everyMs: 20 });
}
