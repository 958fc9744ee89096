/** What a node must remember across any crash: the highest term it obeyed, the term of its data, and a destructive step it began. */
import { readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Observation } from "@mainstay/ha/observation.ts";
import { syncDirectory, writeFileDurably } from "@mainstay/runtime/files.ts";
import type { NodePaths } from "../node-paths.ts";

type Intent = NonNullable<Observation["intent"]>;

export type Disk = Awaited<ReturnType<typeof openDisk>>;

export async function openDisk({ highestTermFile, dataTermFile, intentFile }: NodePaths) {
  let highestTerm = Number((await readIfPresent(highestTermFile)) ?? 0);
  let dataTerm = Number((await readIfPresent(dataTermFile)) ?? 0);
  let intent = parseIntent(await readIfPresent(intentFile));
  return {
    get highestTerm() {
      return highestTerm;
    },
    get dataTerm() {
      return dataTerm;
    },
    get intent() {
      return intent;
    },
    /** On disk when it resolves. A lower term changes nothing. */
    async obeyTerm(term: number): Promise<void> {
      if (term <= highestTerm) return;
      await writeFileDurably(highestTermFile, String(term), { mode: 0o600 });
      highestTerm = term;
    },
    /** The data is the leader's of the term that is obeyed now: it leads in it, or was copied from there. */
    async noteDataTerm(): Promise<void> {
      await writeFileDurably(dataTermFile, String(highestTerm), { mode: 0o600 });
      dataTerm = highestTerm;
    },
    async setIntent(next: Intent | undefined): Promise<void> {
      if (next) await writeFileDurably(intentFile, next, { mode: 0o600 });
      else await rm(intentFile, { force: true });
      await syncDirectory(dirname(intentFile));
      intent = next;
    },
  };
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** An intent that cannot be read is treated as the one that trusts nothing. */
function parseIntent(text: string | undefined): Intent | undefined {
  if (text === undefined) return undefined;
  return text === "rewind" ? "rewind" : "clone";
}
