/** The records of the store as JSON text, parsed where they enter. WAL positions are PostgreSQL's text form. */
import type {
  ClusterSpec,
  EndpointSpec,
  LockRecord,
  NodeStatus,
  SwitchoverRequest,
  SyncRecord,
} from "@mainstay/domain/cluster.ts";
import { eventKinds, type InstanceEvent } from "@mainstay/domain/event.ts";
import { timingPresets, timingProblems } from "@mainstay/domain/timing.ts";
import { formatWalPosition, parseWalPosition } from "@mainstay/domain/wal-position.ts";
import { type Static, type TSchema, Type } from "typebox";
import { Compile, type Validator } from "typebox/compile";

export class RecordError extends Error {
  override readonly name = "RecordError";
  /** `field` as a JSON pointer; empty for the record itself. */
  readonly fault: { readonly code: "malformed"; readonly record: string; readonly field: string };
  constructor(fault: RecordError["fault"], rule: string, options?: ErrorOptions) {
    super(`${fault.record}${fault.field}: ${rule}`, options);
    this.fault = fault;
  }
}

const nodeId = Type.String({ pattern: "^[a-z0-9-]{1,63}$" });
const count = Type.Integer({ minimum: 0 });
const port = Type.Integer({ minimum: 1, maximum: 65_535 });
const address = Type.String({ format: "ipv4" });
const pid = Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]);

const Member = Type.Object({ id: nodeId, address, port });
const Timing = Type.Object({ renewMs: count, holdMs: count, takeMs: count });
const Spec = Type.Object({
  generation: count,
  instanceId: Type.String(),
  members: Type.Array(Member, { minItems: 1 }),
  bootstrapNode: nodeId,
  durability: Type.Union([Type.Literal("available"), Type.Literal("strict")]),
  timing: Timing,
});
const Endpoint = Type.Object({
  generation: count,
  endpointId: Type.String(),
  instanceId: Type.String(),
  address,
  port,
  allowedRanges: Type.Array(Type.String()),
});
const Lock = Type.Object({
  term: Type.Integer({ minimum: 1 }),
  holder: nodeId,
  bootId: Type.String(),
  phase: Type.Union([
    Type.Literal("claimed"),
    Type.Literal("opening"),
    Type.Literal("serving"),
    Type.Literal("released"),
    Type.Literal("stopped"),
  ]),
  timing: Type.Optional(Timing),
  seq: count,
});
const Sync = Type.Object({
  term: Type.Integer({ minimum: 1 }),
  leader: nodeId,
  mode: Type.Union([Type.Literal("sync"), Type.Literal("async")]),
  members: Type.Array(nodeId),
  systemId: Type.Union([Type.String(), Type.Null()]),
  takeovers: Type.Optional(Type.Array(Type.String())),
  lossTerm: Type.Optional(count),
});
const Status = Type.Object({
  nodeId,
  observedAt: Type.String(),
  role: Type.Union([Type.Literal("primary"), Type.Literal("standby"), Type.Literal("none")]),
  state: Type.String(),
  reason: Type.String(),
  term: count,
  timeline: count,
  systemId: Type.Union([Type.String(), Type.Null()]),
  flushPosition: Type.Union([Type.String({ pattern: "^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$" }), Type.Null()]),
  isStreaming: Type.Boolean(),
  impediment: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  pids: Type.Object({ supervisor: pid, agent: pid, fencer: pid, postmaster: pid }),
});
const Switchover = Type.Object({
  id: Type.String(),
  term: Type.Optional(count),
  kind: Type.Union([Type.Literal("switchover"), Type.Literal("failover")]),
  target: nodeId,
  reason: Type.String(),
  acceptLoss: Type.Boolean(),
});
const Event = Type.Object({
  id: Type.String({ pattern: "^[a-z0-9-]+/[A-Za-z0-9.-]+$", maxLength: 200 }),
  at: Type.String({ format: "date-time" }),
  source: nodeId,
  kind: Type.Union(eventKinds.map((kind) => Type.Literal(kind))),
  action: Type.String(),
  reason: Type.String(),
  term: count,
  tookMs: Type.Optional(Type.Number({ minimum: 0 })),
  failure: Type.Optional(Type.String()),
  inputs: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});

const validators = new Map<TSchema, Validator>();

/** Compiled when it is first needed: an agent reads these records many times a second. */
function validatorOf(schema: TSchema): Validator {
  const validator = validators.get(schema) ?? Compile(schema);
  validators.set(schema, validator);
  return validator;
}

function parse<T extends TSchema>(record: string, schema: T, text: string): Static<T> {
  const content = parseJson(record, text);
  const validator = validatorOf(schema);
  if (validator.Check(content)) return content as Static<T>;
  const first = validator.Errors(content)[0];
  throw new RecordError(
    { code: "malformed", record, field: first?.instancePath ?? "" },
    first?.message ?? "",
  );
}

function parseJson(record: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RecordError({ code: "malformed", record, field: "" }, "is not JSON", { cause });
  }
}

export const parseSpec = (text: string): ClusterSpec => parse("spec", Spec, text);

/** For who claims terms: S4, a timing that contradicts itself would let two leaders serve. */
export function parseObeyedSpec(text: string): ClusterSpec {
  const spec = parseSpec(text);
  const [problem] = timingProblems(spec.timing);
  if (problem) throw new RecordError({ code: "malformed", record: "spec", field: "/timing" }, problem);
  return spec;
}

export const parseEndpoint = (text: string): EndpointSpec => parse("endpoint", Endpoint, text);
export const parseEvent = (text: string): InstanceEvent => parse("event", Event, text);

// What an earlier version did not write has a default: by either preset it is held no longer, and waited for no less.
const unknownTiming = { ...timingPresets.fast, takeMs: timingPresets.safe.takeMs };

export function parseLock(text: string): LockRecord {
  const record = parse("lock", Lock, text);
  return { ...record, timing: record.timing ?? unknownTiming };
}

export function parseSync(text: string): SyncRecord {
  const record = parse("sync", Sync, text);
  return { ...record, takeovers: record.takeovers ?? [], lossTerm: record.lossTerm ?? 0 };
}

/** Without a term it is of no term that there is, and is dropped. */
export function parseSwitchover(text: string): SwitchoverRequest {
  const request = parse("switchover", Switchover, text);
  return { ...request, term: request.term ?? 0 };
}

export function parseNodeStatus(text: string): NodeStatus {
  const { flushPosition, impediment = null, ...status } = parse("node", Status, text);
  return {
    ...status,
    impediment,
    flushPosition: flushPosition === null ? null : parseWalPosition(flushPosition),
  };
}

export function formatNodeStatus(status: NodeStatus): string {
  const { flushPosition } = status;
  return JSON.stringify({
    ...status,
    flushPosition: flushPosition === null ? null : formatWalPosition(flushPosition),
  });
}
