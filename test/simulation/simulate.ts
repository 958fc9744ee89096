/** npm run simulate -- [--runs N] [--minutes N] [--seed S] [--nodes 2|3]: one seed is one run, always the same. */
import { parseArgs } from "node:util";
import { runSchedule } from "./schedule.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "Infinity" },
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "2" },
  },
});
const untilMs = performance.now() + Number(values.minutes) * 60_000;
const nodeIds = ["a", "b", "c"].slice(0, Number(values.nodes));
const found = new Map<string, number[]>();
let runs = 0;
let simulatedMs = 0;

for (let seed = Number(values.seed); performance.now() < untilMs && runs < Number(values.runs); seed += 1) {
  const { cluster, violations } = runSchedule({ seed, nodeIds });
  runs += 1;
  simulatedMs += cluster.clock.nowMs;
  const [first] = violations;
  if (!first) continue;
  const seeds = found.get(first.invariant) ?? [];
  found.set(first.invariant, [...seeds, seed]);
  if (seeds.length === 0) console.log(`seed ${seed}\n${cluster.transcript()}\n`);
}

console.log(`${runs} runs, ${(simulatedMs / 3_600_000).toFixed(1)} simulated hours`);
for (const [invariant, seeds] of found) {
  console.log(`${invariant}: ${seeds.length}, seeds ${seeds.slice(0, 20).join(" ")}`);
}
process.exitCode = found.size > 0 ? 1 : 0;
