/** One run: random faults from a seed against a real pair while clients note what they see. */
import { pause, TimeoutError } from "@mainstay/runtime/pause.ts";
import { createRandom } from "../simulation/clock.ts";
import { historyProblems } from "./check-history.ts";
import { type Cure, faults, type Strike } from "./faults.ts";
import type { History, Outcome } from "./history.ts";
import { type Pair, startPair } from "./pair.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

export interface ChaosReport {
  readonly faults: Readonly<Record<string, number>>;
  readonly writes: Readonly<Record<Outcome, number>>;
  readonly reads: number;
  readonly failovers: number;
  /** None: the run passed. */
  readonly problems: readonly string[];
}

/** Small, so that it is filled quickly. */
const volumeBytes = 1.5e9;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  await using pair = await startPair({ volumeBytes });
  const counts: Record<string, number> = {};
  const termBefore = await pair.term();
  const trouble = await hurt(pair, options, counts).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof TimeoutError)) throw error;
      return [`the pair does not recover: ${error.message}`];
    },
  );
  const stopped = options.signal.aborted ? ["it was stopped before its end"] : [];
  const { history } = pair.clients;
  return {
    faults: counts,
    writes: countOutcomes(history),
    reads: history.reads.length,
    failovers: (await pair.term()) - termBefore,
    problems: [...stopped, ...trouble, ...historyProblems(history)],
  };
}

async function hurt(pair: Pair, { seed, forMs, signal, tell }: ChaosOptions, counts: Record<string, number>) {
  const random = createRandom(seed);
  const all = Object.entries(faults);
  const draw = () => all[Math.floor(random.between(0, all.length))] as [string, Strike];
  const startedMs = performance.now();
  while (performance.now() < startedMs + forMs && !signal.aborted) {
    // Every third fault has company; after most the pair may recover, after some the next one comes at once.
    const chosen = random.chance(0.33) ? [draw(), draw()] : [draw()];
    const holdMs = random.between(100, 6_000);
    const [restMs, mayRecover] = [random.between(0, 2_000), random.chance(0.75)];
    const cures: Cure[] = [];
    try {
      for (const [name, strike] of chosen) {
        const cure = await strike(await pair.target());
        if (!cure) {
          tell(`${name}: cannot be done here, left out`);
          continue;
        }
        cures.push(cure);
        counts[name] = (counts[name] ?? 0) + 1;
        tell(`${Math.round(performance.now() - startedMs)} ms: ${name}, for ${Math.round(holdMs)} ms`);
      }
      await pause(holdMs, signal);
    } finally {
      for (const cure of cures.toReversed()) await cure();
    }
    if (mayRecover) await pair.healthy(signal);
    await pause(restMs, signal);
  }
  await pair.healthy(signal);
  await pair.clients.readAll();
}

function countOutcomes({ writes }: History): Record<Outcome, number> {
  const count = (wanted: Outcome) => writes.filter(({ outcome }) => outcome === wanted).length;
  return {
    acknowledged: count("acknowledged"),
    indeterminate: count("indeterminate"),
    failed: count("failed"),
  };
}
