/** The port to the consensus store. Implementations: etcd, memory; both pass store-contract.ts. */

export interface StoredValue {
  readonly key: string;
  readonly value: string;
  /** The store's revision at the last write of this key. */
  readonly modRevision: bigint;
}

/** Holds when the key's mod revision is exactly this; undefined: when the key does not exist. */
export interface Condition {
  readonly key: string;
  readonly modRevision: bigint | undefined;
}

export type Write =
  | { readonly put: string; readonly value: string }
  | { readonly delete: string }
  | { readonly deletePrefix: string };

export type TransactionResult =
  | { readonly succeeded: true; readonly revision: bigint }
  /** `current`: the values of the conditions' keys, in their order. */
  | {
      readonly succeeded: false;
      readonly revision: bigint;
      readonly current: readonly (StoredValue | undefined)[];
    };

export type WatchEvent =
  /** Everything below the prefix: first, and again after a gap. */
  | { readonly kind: "snapshot"; readonly values: readonly StoredValue[]; readonly revision: bigint }
  | { readonly kind: "put"; readonly value: StoredValue; readonly revision: bigint }
  | { readonly kind: "delete"; readonly key: string; readonly revision: bigint }
  /** The stream was heard from: nothing changed up to now. Comes at least every second. */
  | { readonly kind: "alive" }
  /** The stream broke or fell silent; a snapshot follows when it is back. */
  | { readonly kind: "lost" };

export interface CallOptions {
  /** Whole milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Every read is linearizable. Every call throws StoreError when its outcome is unknown or the store is away. */
export interface Store extends AsyncDisposable {
  get(key: string, options: CallOptions): Promise<StoredValue | undefined>;
  list(prefix: string, options: CallOptions): Promise<readonly StoredValue[]>;
  /** All writes happen, or none, at one revision, when every condition holds. */
  transact(
    conditions: readonly Condition[],
    writes: readonly Write[],
    options: CallOptions,
  ): Promise<TransactionResult>;
  /** Reports until aborted; never rejects; loses no change between a snapshot and the next "lost". */
  watch(prefix: string, listener: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: { readonly code: "unavailable" | "timeout" | "refused" };
  constructor(fault: StoreError["fault"], options?: ErrorOptions) {
    super(`store: ${fault.code}`, options);
    this.fault = fault;
  }
}
