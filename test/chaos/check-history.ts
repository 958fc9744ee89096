/** Judges what clients saw. Pure. */
import type { History, Write } from "./history.ts";

/** Every rule that the history breaks, in sentences; none: all is well. */
export function historyProblems(history: History): string[] {
  return [...lostRows(history), ...wrongSums(history), ...overlaps(history), ...sharedTimelines(history)];
}

/** What was acknowledged before a read began, the read must show. */
function lostRows({ writes, reads }: History): string[] {
  const appended = writes.filter(({ kind, outcome }) => kind === "append" && outcome === "acknowledged");
  return reads.flatMap(({ startedMs, fromId, found }) => {
    const lost = appended.filter(({ id, endedMs }) => id >= fromId && endedMs < startedMs && !found.has(id));
    const ids = lost.map(({ id }) => id);
    return ids.length === 0
      ? []
      : [`the read at ${ms(startedMs)} lacks ${ids.length} acknowledged rows: ${ids.slice(0, 5).join(", ")}`];
  });
}

function wrongSums({ reads, total }: History): string[] {
  return reads
    .filter((read) => read.total !== total)
    .map((read) => `the accounts hold ${read.total} instead of ${total} at ${ms(read.startedMs)}`);
}

/** After the first acknowledgement of a timeline there is none of an earlier one. */
function overlaps({ writes }: History): string[] {
  const problems: string[] = [];
  let newest: Write | undefined;
  for (const write of acknowledged(writes)) {
    const [timeline, before] = [write.by?.timeline ?? 0, newest?.by?.timeline ?? 0];
    if (timeline < before) {
      problems.push(
        `timeline ${timeline} (${write.by?.address}) acknowledged ${write.id} at ${ms(write.endedMs)}, ` +
          `after timeline ${before} (${newest?.by?.address}) at ${ms(newest?.endedMs ?? 0)}`,
      );
    } else if (timeline > before) newest = write;
  }
  return problems;
}

function sharedTimelines({ writes }: History): string[] {
  const owners = new Map<number, string>();
  const problems = new Set<string>();
  for (const { by } of acknowledged(writes)) {
    if (!by) continue;
    const owner = owners.get(by.timeline) ?? by.address;
    owners.set(by.timeline, owner);
    if (owner !== by.address) problems.add(`timeline ${by.timeline} is of ${owner} and of ${by.address}`);
  }
  return [...problems];
}

function acknowledged(writes: readonly Write[]): Write[] {
  return writes
    .filter(({ outcome, by }) => outcome === "acknowledged" && by !== undefined)
    .toSorted((a, b) => a.endedMs - b.endedMs);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
