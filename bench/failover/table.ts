/** The numbers of many rounds as one table. Pure. */
import type { Round } from "./round.ts";

export interface Row {
  readonly subject: string;
  readonly fault: string;
  readonly rounds: readonly Round[];
}

const columns = [
  "fault",
  "system",
  "n",
  "blocked min",
  "p50",
  "p99",
  "max",
  "errors p50",
  "rows lost",
  "false failovers",
  "rejoin p50",
  "rejoin max",
] as const;

/** Times in milliseconds. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [[...columns], ...rows.map(cellsOf)];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column < 2)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function cellsOf({ subject, fault, rounds }: Row): string[] {
  const blocked = rounds.map(({ blockedMs }) => blockedMs);
  const rejoin = rounds.map(({ rejoinMs }) => rejoinMs);
  return [
    fault,
    subject,
    String(rounds.length),
    ms(Math.min(...blocked)),
    ms(quantile(blocked, 0.5)),
    ms(quantile(blocked, 0.99)),
    ms(Math.max(...blocked)),
    String(
      quantile(
        rounds.map(({ errors }) => errors),
        0.5,
      ),
    ),
    String(sum(rounds.map(({ lostRows }) => lostRows))),
    String(rounds.filter(({ isFalseFailover }) => isFalseFailover).length),
    ms(quantile(rejoin, 0.5)),
    ms(Math.max(...rejoin)),
  ];
}

/** The smallest value that at least this share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function ms(value: number): string {
  return String(Math.round(value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function pad(cell: string, width: number, isText: boolean): string {
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
