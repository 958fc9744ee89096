/**
 * How long clients cannot write after each fault, and what is lost, here and with Patroni where that is installed:
 * npm run bench:failover -- [--rounds N] [--faults a,b] [--seed S] [--steps] [--peer patroni|none]
 */
import { parseArgs } from "node:util";
import { wholeNumber } from "@mainstay/test/kit/number-option.ts";
import { createRandom } from "@mainstay/test/simulation/clock.ts";
import { faults } from "./faults.ts";
import { startMainstay } from "./mainstay.ts";
import { missingPrograms, startPatroni } from "./patroni.ts";
import { playRound, type Round } from "./round.ts";
import type { Subject } from "./subject.ts";
import { formatTable, type Row } from "./table.ts";
import { startWriter } from "./writer.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    faults: { type: "string", default: faults.map(({ name }) => name).join(",") },
    seed: { type: "string", default: "1" },
    /** Prints what happened in each round, with times since the fault. */
    steps: { type: "boolean", default: false },
    /** Measured too, in the same run. */
    peer: { type: "string", default: "patroni" },
  },
});
const wanted = values.faults.split(",").map((name) => {
  const fault = faults.find((one) => one.name === name);
  if (!fault)
    throw new Error(`there is no fault ${name}; there are ${faults.map((one) => one.name).join(", ")}`);
  return fault;
});

const [seed, roundsEach] = [wholeNumber("seed", values.seed), wholeNumber("rounds", values.rounds, 1)];
const { peer } = values;
if (peer !== "patroni" && peer !== "none") throw new Error("--peer must be patroni or none");

const rows = [...(await measure(startMainstay)), ...(peer === "patroni" ? await measurePatroni() : [])];
const ordered = wanted.flatMap(({ name }) => rows.filter(({ fault }) => fault === name));
process.stdout.write(`\n${formatTable(ordered)}`);

async function measurePatroni(): Promise<Row[]> {
  const missing = await missingPrograms();
  if (missing.length === 0) return measure(startPatroni);
  process.stdout.write(`Patroni is left out, these are missing: ${missing.join(", ")}\n`);
  return [];
}

async function measure(start: () => Promise<Subject>): Promise<Row[]> {
  const random = createRandom(seed);
  await using subject = await start();
  // Whoever stops it finds nothing left afterwards.
  const stop = () => void Promise.resolve(subject[Symbol.asyncDispose]()).finally(() => process.exit(130));
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  await using writer = await startWriter(subject.client);
  const measured: Row[] = [];
  for (const fault of wanted) {
    const rounds: Round[] = [];
    for (let number = 1; number <= roundsEach; number++) {
      const round = await playRound(subject, writer, fault, random.between(500, 2_500));
      if (!round) break;
      rounds.push(round);
      report(round, number);
    }
    if (rounds.length > 0) measured.push({ subject: subject.name, fault: fault.name, rounds });
    else process.stdout.write(`${fault.name}: cannot be done here\n`);
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, stop);
  return measured;
}

function report(round: Round, number: number): void {
  const { fault, blockedMs, errors, lostRows, termChanges, rejoinMs, steps } = round;
  const times = `blocked ${Math.round(blockedMs)} ms, rejoined in ${Math.round(rejoinMs)} ms`;
  const rest = `${errors} errors, ${lostRows} rows lost, ${termChanges} changes of leader`;
  process.stdout.write(`${fault} ${number}: ${times}, ${rest}\n`);
  if (!values.steps) return;
  for (const { atMs, who, what } of steps) {
    process.stdout.write(`  ${String(Math.round(atMs)).padStart(6)}  ${who.padEnd(8)}  ${what}\n`);
  }
}
