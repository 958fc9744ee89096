import { type FoundEngine, findEngines, type KnownEngines } from "@mainstay/postgres/engines.ts";

const known: KnownEngines = new Map();

/** The newest PostgreSQL that is installed here. */
export async function newestEngine(): Promise<FoundEngine> {
  const engine = (await findEngines(AbortSignal.timeout(10_000), known)).at(-1);
  if (!engine) throw new Error("no PostgreSQL is installed");
  return engine;
}
