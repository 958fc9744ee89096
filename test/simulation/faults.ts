/** What can go wrong, each for a while; a schedule is a list of these. */

export const faultKinds = [
  "crash node",
  "lose node silently",
  "kill agent",
  "kill fencer",
  "kill supervisor",
  "kill postmaster",
  "kill postgres",
  "freeze agent",
  "stall agent",
  "freeze fencer",
  "freeze supervisor",
  "freeze postmaster",
  "freeze postgres",
  "freeze node",
  "suspend node",
  "ambush agent",
  "ambush node",
  "ambush postgres",
  "cut off from store",
  "cut replication",
  "cut one direction",
  "isolate node",
  "refuse connections",
  "wall clock jumps",
  "storm at the store",
  "storm between nodes",
  "read a stale member",
  "store away",
  "store restarts",
  "store without leader",
  "slow disk",
  "full disk",
  "disk hangs",
  "pause replay",
  "cancel waits",
  "recycle WAL",
  "corrupt standby",
  "long recovery",
  "stop node",
  "stop platform",
  "switchover",
  "failover by hand",
  "failover with losses",
  "replace node",
] as const;

/** Drawn on its own: what an operator may do at any time. */
export const timingChange = "timing changed";

export type FaultKind = (typeof faultKinds)[number] | typeof timingChange;

/** Ends a fault that lasts. */
export type End = () => void;

export interface Fault {
  readonly kind: FaultKind;
  /** Which node it hits, counted among those there are. */
  readonly node: number;
  /** When it begins, counted from the first, and how long it lasts. */
  readonly atMs: number;
  readonly forMs: number;
  /** An ambush waits for so many steps of the node's agent; a storm is so strong. */
  readonly detail: number;
}
