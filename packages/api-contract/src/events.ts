/** The timeline of an instance, below /mainstay/v1. */
import { type Static, Type } from "typebox";
import { Nullable, PageQuery, Timestamp } from "./common.ts";

export const EventView = Type.Object({
  id: Type.String(),
  at: Timestamp,
  source: Type.String({ description: "a node's id, balancer or control-plane" }),
  kind: Type.String(),
  action: Type.String(),
  reason: Type.String(),
  term: Type.Integer(),
  took_ms: Nullable(Type.Number()),
  failure: Nullable(Type.String()),
  inputs: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
    { description: "what its source saw that mattered" },
  ),
});
export type EventView = Static<typeof EventView>;

export const EventList = Type.Object({ events: Type.Array(EventView), total_count: Type.Integer() });

export const EventsQuery = Type.Object({
  ...PageQuery.properties,
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
  order_by: Type.Optional(Type.Union([Type.Literal("at_desc"), Type.Literal("at_asc")])),
});
export type EventsQuery = Static<typeof EventsQuery>;
