/**
 * What a returning primary has and its new leader has not, told before it is taken away (F26). It is evidence, not
 * a condition: what cannot be read is null, and nothing here keeps the node from coming back. Whether any of it was
 * acknowledged follows from the sync record that the new leader claimed with.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EventInputs } from "@mainstay/domain/event.ts";
import { formatWalPosition } from "@mainstay/domain/wal-position.ts";
import type { Upstream } from "@mainstay/postgres/conninfo.ts";
import { readWalExtent } from "@mainstay/postgres/divergent-wal.ts";
import {
  forkOf,
  type History,
  historyFile,
  parseTimelineHistory,
} from "@mainstay/postgres/timeline-history.ts";
import type { Node } from "../node.ts";
import { historyOf } from "./source.ts";

const limitMs = 20_000;

/** Of a stopped PostgreSQL whose data is still what it wrote. Never rejects. */
export async function tellDivergence(
  node: Node,
  action: "rewind" | "clone",
  source: Upstream,
  outer: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(limitMs)]);
  const found = await divergence(node, source, signal).catch((err: unknown) => {
    node.log.warn({ err }, "the divergent WAL cannot be read");
    return unknown;
  });
  const inputs = { newLeader: source.nodeId, ...found };
  const reason = `what this node has and ${source.nodeId} has not is discarded`;
  node.events.record({ kind: "rewind", action, reason, term: node.disk.highestTerm, inputs });
}

interface Found extends EventInputs {
  readonly forkPosition: string | null;
  readonly bytes: number | null;
  readonly transactions: number | null;
}

const unknown: Found = { forkPosition: null, bytes: null, transactions: null };

async function divergence(node: Node, source: Upstream, signal: AbortSignal): Promise<Found> {
  const walDir = join(node.paths.dataDir, "pg_wal");
  const own = await ownHistory(walDir);
  const fork = own && forkOf(own, await historyOf(source));
  if (!fork) return unknown;
  const forkPosition = formatWalPosition(fork.end);
  const extent = await readWalExtent(node.program, walDir, fork, signal);
  if (!extent) return { ...unknown, forkPosition };
  return { forkPosition, bytes: Number(extent.end - fork.end), transactions: extent.transactions };
}

/** pg_control lags behind a promotion; the newest timeline that has a WAL file does not. */
async function ownHistory(walDir: string): Promise<History | undefined> {
  const files = await readdir(walDir);
  const timelines = files.flatMap((name) =>
    /^[0-9A-F]{24}$/.test(name) ? [Number.parseInt(name.slice(0, 8), 16)] : [],
  );
  if (timelines.length === 0) return undefined;
  const timeline = Math.max(...timelines);
  const text = timeline === 1 ? "" : await readFile(join(walDir, historyFile(timeline)), "utf8");
  return { timeline, past: parseTimelineHistory(text) };
}
