/** What commands print: a table for people, JSON alone with --json. */
import Table from "cli-table3";

export interface ReadOptions {
  readonly dir: string;
  readonly json?: boolean;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress: not part of the result, so not on standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printRows(rows: readonly object[], columns: readonly string[], { json }: ReadOptions): void {
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return;
  }
  const plain = { head: [], border: [] };
  const table = new Table({
    head: columns.map((column) => column.toUpperCase()),
    style: plain,
    chars: borderless,
  });
  for (const row of rows) table.push(columns.map((column) => cell(row, column)));
  print(table.toString());
}

function cell(row: object, column: string): string {
  const value: unknown = Object.entries(row).find(([name]) => name === column)?.[1];
  return value === null || value === undefined ? "-" : String(value);
}

const none = "";
const borderless = {
  top: none,
  "top-mid": none,
  "top-left": none,
  "top-right": none,
  bottom: none,
  "bottom-mid": none,
  "bottom-left": none,
  "bottom-right": none,
  left: none,
  "left-mid": none,
  mid: none,
  "mid-mid": none,
  right: none,
  "right-mid": none,
  middle: "  ",
};
