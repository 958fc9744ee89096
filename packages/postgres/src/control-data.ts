import { RunError } from "@mainstay/runtime/run.ts";
import { type ProgramContext, runProgram } from "./program.ts";

/** What pg_control says about a data directory. */
export interface ControlData {
  readonly systemId: string;
  /** The newer of the latest checkpoint's timeline and that of the minimum recovery point. */
  readonly timeline: number;
  /** The last run ended with a shutdown checkpoint. */
  readonly isClean: boolean;
  /** It ended as a standby: nothing was written here since on a timeline of its own. */
  readonly isInRecovery: boolean;
}

/** Rejects with ControlDataError when pg_control is damaged or gone. */
export async function readControlData(
  context: ProgramContext,
  dataDir: string,
  signal: AbortSignal,
): Promise<ControlData> {
  try {
    const given = { timeoutMs: 5_000, ...context };
    const { stdout } = await runProgram(given, "pg_controldata", [dataDir], signal);
    return parseControlData(stdout);
  } catch (cause) {
    const isSaid = cause instanceof RunError && cause.fault.code === "failed" && cause.fault.exitCode === 1;
    if (!isSaid) throw cause;
    throw new ControlDataError({ code: "unreadable" }, { cause });
  }
}

export class ControlDataError extends Error {
  override readonly name = "ControlDataError";
  readonly fault:
    | { readonly code: "line-missing"; readonly line: string }
    | { readonly code: "unreadable" | "wrong-checksum" };
  constructor(fault: ControlDataError["fault"], options?: ErrorOptions) {
    super(`pg_controldata: ${fault.code}${"line" in fault ? `: ${fault.line}` : ""}`, options);
    this.fault = fault;
  }
}

/** Reads the output of pg_controldata under LC_ALL=C. */
function parseControlData(text: string): ControlData {
  // It prints what it found all the same.
  if (text.startsWith("WARNING: Calculated CRC")) throw new ControlDataError({ code: "wrong-checksum" });
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const value = (line: string): string => {
    const found = lines.get(line);
    if (found === undefined) throw new ControlDataError({ code: "line-missing", line });
    return found;
  };
  const state = value("Database cluster state");
  return {
    systemId: value("Database system identifier"),
    timeline: Math.max(
      Number(value("Latest checkpoint's TimeLineID")),
      Number(value("Min recovery ending loc's timeline")),
    ),
    isInRecovery: state === "in archive recovery" || state === "shut down in recovery",
    isClean: state === "shut down" || state === "shut down in recovery",
  };
}
