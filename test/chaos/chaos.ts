/** npm run chaos -- [--minutes N] [--seed S]: random faults on a real pair, judged by what its clients saw. */
import { parseArgs } from "node:util";
import { positiveNumber, wholeNumber } from "../kit/number-option.ts";
import { runChaos } from "./run-chaos.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, seed: { type: "string", default: "1" } },
});
const seed = wholeNumber("seed", values.seed);
const forMs = positiveNumber("minutes", values.minutes) * 60_000;
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => controller.abort());

const report = await runChaos({ seed, forMs, signal: controller.signal, tell: (line) => console.log(line) });
console.log("\nfaults:");
for (const [name, count] of Object.entries(report.faults).toSorted()) console.log(`  ${name}: ${count}`);
const { acknowledged, indeterminate, failed } = report.writes;
console.log(`writes: ${acknowledged} acknowledged, ${indeterminate} indeterminate, ${failed} failed`);
console.log(`reads: ${report.reads}, changes of leader: ${report.failovers}, seed: ${seed}`);
for (const problem of report.problems) console.log(`PROBLEM: ${problem}`);
console.log(report.problems.length === 0 ? "PASS" : "FAIL");
process.exitCode = report.problems.length === 0 ? 0 : 1;
