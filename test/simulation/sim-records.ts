/**
 * Records in the simulated store stay objects: a run writes thousands. Their text, by the real formatters, is made
 * when somebody asks for it; schedule.test.ts sends every record of a run through its text and back.
 */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { formatNodeStatus } from "@mainstay/dcs/records.ts";
import type { StoredValue } from "@mainstay/dcs/store.ts";
import type {
  ClusterSpec,
  LockRecord,
  NodeStatus,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";

/** One of them, by the name of its kind. */
export interface Content {
  readonly spec?: ClusterSpec;
  readonly lock?: LockRecord;
  readonly sync?: SyncRecord;
  readonly status?: NodeStatus;
  readonly request?: SwitchoverRequest;
}

export class SimValue implements StoredValue {
  readonly key: string;
  readonly content: Content;
  readonly modRevision: bigint;

  constructor(key: string, content: Content, modRevision: bigint) {
    this.key = key;
    this.content = content;
    this.modRevision = modRevision;
  }

  get value(): string {
    const { status, spec, lock, sync, request } = this.content;
    const record = spec ?? lock ?? sync ?? request;
    if (status) return formatNodeStatus(status);
    if (!record) throw new Error("BUG: a value without a record");
    return formatRecord(record);
  }
}

/** What `value` of the simulated store contains. */
export function contentOf(value: StoredValue | undefined): Content {
  return value instanceof SimValue ? value.content : nothing;
}

const nothing: Content = {};
