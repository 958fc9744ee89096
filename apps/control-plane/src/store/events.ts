/** The timelines of the instances. */
import { randomUUID } from "node:crypto";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { eventKeys } from "@mainstay/dcs/keys.ts";
import type { Write } from "@mainstay/dcs/store.ts";
import type { EventInputs, InstanceEvent, NewEvent } from "@mainstay/domain/event.ts";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import type { Page } from "./instances.ts";
import type { EventRow } from "./schema.ts";

const keptDays = 30;
/** A failover is about 40 of them. */
const deedsLimit = 20_000;

/** A step of the control plane. Its term is 0: terms are the nodes' own, and such a step belongs to none. */
export function recordStatus(
  trx: Database,
  instanceId: string,
  action: string,
  reason: string,
  inputs: EventInputs = {},
): Promise<void> {
  return recordEvent(trx, instanceId, { kind: "status", action, reason, term: 0, inputs });
}

/** Of the control plane itself: there exactly when the transaction's change is. */
export function recordEvent(trx: Database, instanceId: string, event: NewEvent): Promise<void> {
  return putEvents(trx, instanceId, [ownEvent(event)]);
}

/**
 * Of the control plane itself, for a change in the store: written there in the same transaction, it is there exactly
 * when that change is, and is collected like anybody's.
 */
export function storedEvent(instanceId: string, event: InstanceEvent): Write {
  return { put: eventKeys(instanceId).event(event.id), value: formatRecord(event) };
}

export function ownEvent({ id = randomUUID(), at = new Date().toISOString(), ...event }: NewEvent) {
  const source = "control-plane";
  return { ...event, id: `${source}/${id}`, at, source } satisfies InstanceEvent;
}

/**
 * Repeatable: an event that is there already changes only when its outcome comes. Events of an instance that is
 * gone are passed over.
 */
export async function putEvents(
  db: Database,
  instanceId: string,
  events: readonly InstanceEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const isThere = await db
    .selectFrom("instances")
    .select("id")
    .where("id", "=", instanceId)
    .executeTakeFirst();
  if (!isThere) return;
  await db
    .insertInto("instance_events")
    .values([...newestOfEach(events)].map((event) => toRow(instanceId, event)))
    .onConflict((conflict) =>
      conflict
        .columns(["instance_id", "id"])
        .doUpdateSet((eb) => ({ took_ms: eb.ref("excluded.took_ms"), failure: eb.ref("excluded.failure") }))
        .where(sql<boolean>`excluded.took_ms is not null and instance_events.took_ms is null`),
    )
    .execute();
}

/** One statement cannot change a row twice. */
function newestOfEach(events: readonly InstanceEvent[]): Iterable<InstanceEvent> {
  const byId = new Map<string, InstanceEvent>();
  for (const event of events)
    if (!byId.has(event.id) || event.tookMs !== undefined) byId.set(event.id, event);
  return byId.values();
}

export interface EventsQuery {
  readonly since?: Date;
  readonly until?: Date;
  readonly order: "asc" | "desc";
}

export async function listEvents(
  db: Database,
  instanceId: string,
  { since, until, order }: EventsQuery,
  page: Page,
): Promise<{ events: InstanceEvent[]; total: number }> {
  let filtered = db.selectFrom("instance_events").where("instance_id", "=", instanceId);
  if (since) filtered = filtered.where("at", ">=", since);
  if (until) filtered = filtered.where("at", "<", until);
  const { total } = await filtered
    .select((eb) => eb.fn.countAll<string>().as("total"))
    .executeTakeFirstOrThrow();
  const rows = await filtered
    .selectAll()
    .orderBy("at", order)
    .orderBy("position", order)
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { events: rows.map(toEvent), total: Number(total) };
}

/** The newest events in which somebody did something or something happened, in the order of time. */
export async function listDeeds(db: Database, instanceId: string): Promise<InstanceEvent[]> {
  const rows = await db
    .selectFrom("instance_events")
    .selectAll()
    .where("instance_id", "=", instanceId)
    .where((eb) => eb.or([eb("kind", "!=", "decision"), eb("action", "!=", "wait")]))
    .orderBy("at", "desc")
    .orderBy("position", "desc")
    .limit(deedsLimit)
    .execute();
  return rows.map(toEvent).toReversed();
}

export async function deleteOldEvents(db: Database): Promise<void> {
  await db
    .deleteFrom("instance_events")
    .where("at", "<", sql<Date>`now() - make_interval(days => ${keptDays})`)
    .execute();
}

function toRow(instanceId: string, { tookMs, inputs, ...event }: InstanceEvent) {
  return {
    ...event,
    instance_id: instanceId,
    at: new Date(event.at),
    took_ms: tookMs ?? null,
    failure: event.failure ?? null,
    inputs: JSON.stringify(inputs),
  };
}

function toEvent(row: EventRow): InstanceEvent {
  const { id, at, source, kind, action, reason, term, took_ms: tookMs, failure, inputs } = row;
  return {
    ...{ id, at: at.toISOString(), source, kind, action, reason, term: Number(term), inputs },
    ...(tookMs !== null && { tookMs }),
    ...(failure !== null && { failure }),
  };
}
