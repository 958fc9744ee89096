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
  sync: Type.Boolean({ description: "commits wait for it, and reach it" }),
  state: Type.String(),
  reason: Type.String(),
  membership: Type.String({ description: "member, replaced or leaving" }),
  host_state: Type.String({ description: "running, frozen, down; unknown when not seen within 15 s" }),
  address: Nullable(Type.String()),
  port: Nullable(Type.Integer()),
  data_dir: Nullable(Type.String()),
  pids: Type.Object({ supervisor: pid, agent: pid, fencer: pid, postmaster: pid }),
});
export type NodeView = Static<typeof NodeView>;
export const NodeList = Type.Object({ nodes: Type.Array(NodeView) });

export const InstanceDetails = Type.Object({
  id: Type.String(),
  status: Type.String(),
  status_reason: Type.String({ description: "What the instance waits for; empty when it is ready" }),
  first_user: Nullable(Type.String({ description: "The user of its creation, for psql lines" })),
  generation: Type.Integer(),
  durability: Type.String({ description: "available or strict" }),
  timing: Type.String({ description: "fast or safe" }),
});
export type InstanceDetails = Static<typeof InstanceDetails>;

const word = Type.Optional(Nullable(Type.String({ maxLength: 63 })));
export const InstanceDetailsInput = Type.Object({ durability: word, timing: word });
export type InstanceDetailsInput = Static<typeof InstanceDetailsInput>;

const HostView = Type.Object({
  id: Type.String(),
  zone: Type.String(),
  state: Type.String(),
  nodes: Type.Array(Type.String()),
});
export const HostList = Type.Object({ hosts: Type.Array(HostView) });

const reason = Type.Optional(Nullable(Type.String({ maxLength: 255 })));
export const SwitchoverInput = Type.Object({ target: word, reason });
export type SwitchoverInput = Static<typeof SwitchoverInput>;
export const FailoverInput = Type.Object({
  target: word,
  reason,
  accept_loss: Type.Optional(
    Type.Boolean({ description: "The target may lead although it may lack acknowledged commits" }),
  ),
});
export type FailoverInput = Static<typeof FailoverInput>;
export const LeaderChangeView = Type.Object({
  id: Type.String(),
  kind: Type.String({ description: "switchover or failover" }),
  target: Type.String(),
  reason: Type.String(),
  accept_loss: Type.Boolean(),
  estimated_loss_bytes: Nullable(
    Type.Integer({ description: "Of write-ahead log that the target lacks; null: could not be told" }),
  ),
});
export type LeaderChangeView = Static<typeof LeaderChangeView>;

export const HealthView = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded")]),
  database: Type.Boolean(),
  store: Type.Boolean(),
});
export type HealthView = Static<typeof HealthView>;
