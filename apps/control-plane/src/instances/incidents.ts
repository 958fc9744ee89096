import type { IncidentView } from "@mainstay/api-contract/incidents.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidents } from "../incidents/incidents.ts";
import type { Actor, Platform } from "../platform.ts";
import { listDeeds } from "../store/events.ts";
import { parseTime } from "./events.ts";
import { getInstance } from "./find.ts";

/** Newest first, of all the time that events are kept, or of what began since a time. */
export async function listIncidents(
  { db }: Platform,
  id: string,
  since: string | undefined,
  actor: Actor,
): Promise<IncidentView[]> {
  const from = since === undefined ? undefined : parseTime("since", since);
  const { instance } = await getInstance(db, id, actor);
  // What came before `since` may be the first sign of what came after it.
  const all = incidents(await listDeeds(db, instance.id), instance.is_ha);
  return all.filter(({ cause }) => !from || new Date(cause.at) >= from).map(toView);
}

function toDiscardedView({ isEstimate, ...discarded }: NonNullable<Incident["discarded"]>) {
  return { ...discarded, estimated: isEstimate };
}

function toView({ isPlanned, before, after, phases, ...incident }: Incident): IncidentView {
  const { id, kind, term, cause, decision, discarded } = incident;
  return {
    ...{ id, kind, planned: isPlanned, term, leader_before: before, leader_after: after },
    ...{ cause, decision },
    discarded: discarded && toDiscardedView(discarded),
    phases: phases.map(({ name, tookMs }) => ({ name, took_ms: tookMs })),
    write_gap_ms: incident.writeGapMs,
    sessions_cut: incident.sessionsCut,
    recovered_at: incident.recoveredAt,
  };
}
