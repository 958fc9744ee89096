/** Troubles of an instance, put together from its events; below /mainstay/v1. */
import { type Static, Type } from "typebox";
import { Nullable, PageQuery, Timestamp } from "./common.ts";

const Sign = Type.Object({ at: Timestamp, source: Type.String(), reason: Type.String() });
const number = Nullable(Type.Number());

export const IncidentView = Type.Object({
  id: Type.String(),
  kind: Type.Union([
    Type.Literal("failover"),
    Type.Literal("switchover"),
    Type.Literal("restart"),
    Type.Literal("standby-loss"),
    Type.Literal("blocked-commits"),
  ]),
  planned: Type.Boolean(),
  term: Type.Integer(),
  leader_before: Type.String(),
  leader_after: Nullable(Type.String()),
  cause: Type.Object(Sign.properties, { description: "the first sign" }),
  decision: Sign,
  phases: Type.Array(Type.Object({ name: Type.String(), took_ms: Type.Number() })),
  write_gap_ms: Type.Union([Type.Number(), Type.Null()], {
    description:
      "from the first sign that writes had come to an end to the route to the new leader; of a leader that fell silent, from its last renewal, and of one that hung, from then on: an upper bound",
  }),
  sessions_cut: Type.Integer(),
  discarded: Type.Union(
    [
      Type.Object({
        bytes: number,
        transactions: number,
        acknowledged: number,
        estimated: Type.Boolean({ description: "as far as was known when the loss was accepted" }),
      }),
      Type.Null(),
    ],
    { description: "what the old primary had and nobody else; null inside: could not be read" },
  ),
  recovered_at: Nullable(Timestamp),
});
export type IncidentView = Static<typeof IncidentView>;

export const IncidentList = Type.Object({ incidents: Type.Array(IncidentView), total_count: Type.Integer() });

export const IncidentsQuery = Type.Object({ ...PageQuery.properties, since: Type.Optional(Timestamp) });
export type IncidentsQuery = Static<typeof IncidentsQuery>;
