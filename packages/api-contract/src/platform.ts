/** Mainstay's own additions, below /mainstay/v1. */
import { type Static, Type } from "typebox";
import { Nullable } from "./common.ts";

const pid = Nullable(Type.Integer());

export const NodeView = Type.Object({
  id: Type.String(),
  host: Type.String(),
  zone: Type.String(),
  role: Type.Union([
    Type.Literal("primary"),
    Type.Literal("standby"),
    Type.Literal("none"),
    Type.Literal("unknown"),
  ]),
  sync: Type.Boolean(),
  state: Type.String(),
  reason: Type.String(),
  address: Nullable(Type.String()),
  port: Nullable(Type.Integer()),
  data_dir: Nullable(Type.String()),
  pids: Type.Object({ supervisor: pid, agent: pid, fencer: pid, postmaster: pid }),
});
export type NodeView = Static<typeof NodeView>;
export const NodeList = Type.Object({ nodes: Type.Array(NodeView) });

export const HostView = Type.Object({
  id: Type.String(),
  zone: Type.String(),
  state: Type.String(),
  nodes: Type.Array(Type.String()),
});
export type HostView = Static<typeof HostView>;
export const HostList = Type.Object({ hosts: Type.Array(HostView) });

export const SwitchoverInput = Type.Object({ target: Type.Optional(Type.String({ maxLength: 63 })) });
export const SwitchoverView = Type.Object({ id: Type.String(), target: Type.String() });

export const HealthView = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded")]),
  database: Type.Boolean(),
  store: Type.Boolean(),
});
export type HealthView = Static<typeof HealthView>;
