import { type Static, Type } from "typebox";
import { Nullable } from "./common.ts";

export const EndpointView = Type.Object({
  id: Type.String(),
  ip: Nullable(Type.String()),
  port: Type.Integer(),
  name: Nullable(Type.String()),
  load_balancer: Type.Optional(Type.Object({})),
});
export type EndpointView = Static<typeof EndpointView>;

/** One of the two kinds; a private network is refused later, in words. */
export const EndpointSpecInput = Type.Object({
  load_balancer: Type.Optional(Nullable(Type.Object({}))),
  private_network: Type.Optional(Nullable(Type.Object({}, { additionalProperties: true }))),
});
export type EndpointSpecInput = Static<typeof EndpointSpecInput>;

export const CreateEndpointInput = Type.Object({ endpoint_spec: EndpointSpecInput });
export const EndpointParams = Type.Object({ region: Type.String(), endpoint_id: Type.String() });
