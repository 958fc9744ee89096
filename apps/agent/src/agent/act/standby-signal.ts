import { join } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";

/** A data directory with this file starts as a standby, never as a primary. */
export async function makeStandby(dataDir: string): Promise<void> {
  await writeFileDurably(join(dataDir, "standby.signal"), "", { mode: 0o600 });
}
