/** Writes docs/spec/truth-table.md: what the real `decide` does in every combination of situation and PostgreSQL. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decide } from "../packages/ha/src/decide.ts";
import type { Decision } from "../packages/ha/src/decision.ts";
import type { Observation } from "../packages/ha/src/observation.ts";
import { type Part, parts } from "./truth-table-situations.ts";

export const truthTablePath = join(import.meta.dirname, "../docs/spec/truth-table.md");

const introduction = `# The truth table

Written by \`npm run truth-table\` from the decision core itself; a test fails when it is out of date. Node a decides; its peer is b; the timing is the preset \`fast\`. Rows with the same decision are one row. [ha.md](ha.md) explains the words.
`;

export function renderTruthTable(): string {
  return [introduction, ...parts.map(renderPart)].join("\n");
}

function renderPart({ title, note, first, firsts, second, seconds, base }: Part): string {
  const rows = Object.entries(firsts).flatMap(([situation, changes]) =>
    mergeEqual(seconds, (more) => base({ ...changes, ...more })).map(
      ([names, decision]) => `| ${situation} | ${names} | ${decision} |`,
    ),
  );
  return [
    `## ${title}`,
    "",
    note,
    "",
    `| ${first} | ${second} | decision | because |`,
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** The names of `cases` grouped by what is decided in them. */
function mergeEqual(
  cases: Readonly<Record<string, Partial<Observation>>>,
  situation: (changes: Partial<Observation>) => Observation,
): [names: string, decision: string][] {
  const all = Object.keys(cases);
  const groups = Object.groupBy(all, (name) => describe(situation(cases[name] ?? {})));
  return Object.entries(groups).map(([decision, names = []]) => [shorten(names, all), decision]);
}

function shorten(names: readonly string[], all: readonly string[]): string {
  if (names.length === all.length) return "any";
  return names.length > all.length / 2 && names.length > 4 ? "any other" : names.join(" · ");
}

function describe(seen: Observation): string {
  const decision = decide(seen);
  return `${decision.action}${detailOf(decision)} | ${decision.reason}`;
}

function detailOf(decision: Decision): string {
  if (decision.action === "set-phase") return ` ${decision.phase}`;
  if (decision.action === "record-sync") return ` ${decision.sync.mode}`;
  return "syncStandbys" in decision ? ` (${decision.syncStandbys.join(", ") || "nobody"})` : "";
}

if (import.meta.main) writeFileSync(truthTablePath, renderTruthTable());
