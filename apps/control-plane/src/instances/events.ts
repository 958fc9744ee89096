import { invalidArgument } from "@mainstay/api-contract/errors.ts";
import type { EventsQuery, EventView } from "@mainstay/api-contract/events.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Actor, Platform } from "../platform.ts";
import { listEvents as list } from "../store/events.ts";
import type { Page } from "../store/instances.ts";
import { getInstance } from "./find.ts";

/** Newest first, unless asked otherwise. */
export async function listEvents(
  { db }: Platform,
  id: string,
  { since, until, order_by: order }: EventsQuery,
  page: Page,
  actor: Actor,
): Promise<{ events: EventView[]; total_count: number }> {
  const filter = {
    ...(since !== undefined && { since: parseTime("since", since) }),
    ...(until !== undefined && { until: parseTime("until", until) }),
    order: order === "at_asc" ? ("asc" as const) : ("desc" as const),
  };
  const { instance } = await getInstance(db, id, actor);
  const { events, total } = await list(db, instance.id, filter, page);
  return { events: events.map(toEventView), total_count: total };
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

export function parseTime(name: string, text: string): Date {
  const time = new Date(rfc3339.test(text) ? text : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidArgument(name, "must be a time such as 2026-01-31T12:00:00Z", "format");
}

function toEventView({ tookMs, failure, inputs, ...event }: InstanceEvent): EventView {
  return { ...event, took_ms: tookMs ?? null, failure: failure ?? null, inputs: { ...inputs } };
}
