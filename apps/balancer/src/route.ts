/** The words of the balancer. */

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** What the store says about one instance now. */
export interface WantedRoute {
  readonly instanceId: string;
  readonly generation: number;
  readonly address: string;
  readonly port: number;
  readonly allowedRanges: readonly string[];
  /** The newest term the store knows; 0 before the first. */
  readonly term: number;
  /** The leader, while it serves. */
  readonly target: Target | undefined;
}

/** What is on disk about one instance: refuses whatever is older (a store restored from a backup, say). */
export interface KnownRoute {
  readonly generation: number;
  readonly term: number;
  readonly address: string;
  readonly port: number;
}

/** What its HAProxy says. */
export interface RunningRoute {
  readonly allowedRanges: readonly string[];
  /** Where clients are sent; undefined while they are not. */
  readonly target: Target | undefined;
}

/** It runs, and gave no answer so often in a row. */
export interface SilentHaproxy {
  readonly silentLooks: number;
}
