/** Events and incidents as lines for people. Pure. */
import type { EventView } from "@mainstay/api-contract/events.ts";
import type { IncidentView } from "@mainstay/api-contract/incidents.ts";

/** One line: when, who, what, how long, why, and what of it counts. */
export function eventLine({
  at,
  source,
  action,
  term,
  reason,
  took_ms: tookMs,
  failure,
  inputs,
}: EventView): string {
  const took = tookMs === null ? "" : ` (${duration(tookMs)})`;
  const failed = failure === null ? "" : ` FAILED: ${oneLine(failure)}`;
  const terms = term === 0 ? "-" : `t${term}`;
  const facts = ["sessionsCut", "bytes", "transactions", "acknowledged", "replacedRequestId"]
    .filter((name) => name in inputs)
    .map((name) => `${words(name)} ${inputs[name] ?? "unknown"}`);
  const tail = facts.length > 0 ? ` [${facts.join(", ")}]` : "";
  return `${at}  ${source.padEnd(13)}  ${terms.padEnd(4)}  ${action}: ${oneLine(reason)}${took}${tail}${failed}`;
}

export function incidentLines(incident: IncidentView): string[] {
  const { cause, decision, phases, discarded, recovered_at: recoveredAt } = incident;
  const phaseTexts = phases.map(({ name, took_ms: tookMs }) => `${name} ${duration(tookMs)}`);
  return [
    `${cause.at}  ${incident.planned ? "planned " : ""}${incident.kind}, term ${incident.term}: ${leaders(incident)}`,
    `  seen      ${oneLine(cause.reason)} (by ${cause.source})`,
    `  decided   ${oneLine(decision.reason)} (by ${decision.source} at ${decision.at})`,
    `  phases    ${phaseTexts.join(", ")}`,
    `  writes    ${incident.write_gap_ms === null ? "gap not known" : `none for ${duration(incident.write_gap_ms)}`}, ${incident.sessions_cut} sessions cut`,
    ...(discarded ? [`  discarded ${discardedText(discarded)}`] : []),
    `  outcome   ${recoveredAt === null ? "not recovered" : `recovered at ${recoveredAt}`}`,
  ];
}

function leaders({ kind, leader_before: before, leader_after: after }: IncidentView): string {
  if (kind === "standby-loss") return `${before} went on alone`;
  if (kind === "blocked-commits") return `${before} waited for its standby`;
  return before === after ? `${before} leads again` : `${before} → ${after}`;
}

function discardedText({
  bytes,
  transactions,
  acknowledged,
  estimated,
}: NonNullable<IncidentView["discarded"]>): string {
  const count = (value: number | null) => (value === null ? "an unknown number of" : String(value));
  if (estimated) return `an estimated ${count(bytes)} bytes, as far as was known when the loss was accepted`;
  return `${count(bytes)} bytes of the old primary, ${count(transactions)} transactions, ${count(acknowledged)} acknowledged`;
}

function duration(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Nothing from elsewhere steers the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
