/** Questions to a primary's state. */
import type { AttachedStandby, PrimaryPostgres } from "./observation.ts";

export function isProven({ proof }: PrimaryPostgres, term: number, standbys: readonly string[]): boolean {
  return proof?.term === term && isSame(proof.syncStandbys, standbys);
}

export function standbyOf({ standbys }: PrimaryPostgres, nodeId: string): AttachedStandby | undefined {
  return standbys.find((standby) => standby.nodeId === nodeId);
}

export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}
