/** `mainstay events` and `mainstay incidents`: what happened to an instance, and why. */
import { EventList, type EventView } from "@mainstay/api-contract/events.ts";
import { IncidentList, type IncidentView } from "@mainstay/api-contract/incidents.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { type Api, detailsPath, findInstance, openApi } from "../api.ts";
import { CommandError } from "../errors.ts";
import { print, type ReadOptions } from "../print.ts";
import { eventLine, incidentLines } from "./timeline.ts";

const pageSize = 100;
const followEveryMs = 500;
/** An event may arrive this much later than its time; what was shown is not shown again. */
const lateMs = 30_000;

export interface EventsOptions extends ReadOptions {
  readonly since?: number;
  readonly follow?: boolean;
}

/** Oldest first. With --json: a list, or an event a line while following. */
export async function printEvents(word: string, { dir, json, since, follow }: EventsOptions): Promise<void> {
  const api = await openApi(dir);
  const { id } = await findInstance(api, word);
  const found = await listEvents(api, id, since === undefined ? undefined : Date.now() - since);
  if (json && !follow) {
    print(JSON.stringify(found, null, 2));
    return;
  }
  const show = (event: EventView) => print(json ? JSON.stringify(event) : eventLine(event));
  found.forEach(show);
  if (follow) await followEvents(api, id, found, show);
}

/** Until interrupted; a control plane that is started again meanwhile is waited for. */
async function followEvents(
  api: Api,
  id: string,
  first: readonly EventView[],
  show: (event: EventView) => void,
): Promise<never> {
  const shown = new Map(first.map((event) => [event.id, event.at]));
  for (;;) {
    await pause(followEveryMs);
    const from = Date.now() - lateMs;
    for (const event of await listEventsOrNone(api, id, from)) {
      if (!shown.has(event.id)) show(event);
      shown.set(event.id, event.at);
    }
    for (const [eventId, at] of shown) if (Date.parse(at) < from - lateMs) shown.delete(eventId);
  }
}

async function listEventsOrNone(api: Api, id: string, from: number): Promise<EventView[]> {
  try {
    return await listEvents(api, id, from);
  } catch (error) {
    if (error instanceof CommandError && error.fault.code === "unreachable") return [];
    throw error;
  }
}

async function listEvents(api: Api, id: string, from: number | undefined): Promise<EventView[]> {
  const since = from === undefined ? "" : `&since=${encodeURIComponent(new Date(from).toISOString())}`;
  // An upper end, so that no page moves while the next is read.
  const until = encodeURIComponent(new Date(Date.now() + lateMs).toISOString());
  const all = new Map<string, EventView>();
  for (let page = 1; ; page++) {
    const query = `order_by=at_asc&page=${page}&page_size=${pageSize}&until=${until}${since}`;
    const { events } = await api.request("GET", `${detailsPath(id)}/events?${query}`, EventList);
    for (const event of events) all.set(event.id, event);
    if (events.length < pageSize) return [...all.values()];
  }
}

export async function printIncidents(word: string, { dir, json }: ReadOptions): Promise<void> {
  const api = await openApi(dir);
  const { id } = await findInstance(api, word);
  const all: IncidentView[] = [];
  for (let page = 1; ; page++) {
    const path = `${detailsPath(id)}/incidents?page=${page}&page_size=${pageSize}`;
    const { incidents } = await api.request("GET", path, IncidentList);
    all.push(...incidents);
    if (incidents.length < pageSize) break;
  }
  if (json) print(JSON.stringify(all, null, 2));
  else if (all.length === 0) print("no incidents");
  else for (const line of all.flatMap(incidentLines)) print(line);
}
