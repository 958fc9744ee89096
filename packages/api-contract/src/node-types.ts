import { type Static, Type } from "typebox";
import { PageQuery } from "./common.ts";

const Constraint = Type.Object({ min_size: Type.Integer(), max_size: Type.Integer() });

export const NodeTypeView = Type.Object({
  name: Type.String(),
  stock_status: Type.String(),
  description: Type.String(),
  vcpus: Type.Integer(),
  memory: Type.Integer(),
  volume_constraint: Constraint,
  is_bssd_compatible: Type.Boolean(),
  disabled: Type.Boolean(),
  beta: Type.Boolean(),
  available_volume_types: Type.Array(
    Type.Object({
      type: Type.String(),
      description: Type.String(),
      min_size: Type.Integer(),
      max_size: Type.Integer(),
      chunk_size: Type.Integer(),
      class: Type.String(),
    }),
  ),
  is_ha_required: Type.Boolean(),
  generation: Type.String(),
  instance_range: Type.String(),
  region: Type.String(),
});
export type NodeTypeView = Static<typeof NodeTypeView>;

export const NodeTypeList = Type.Object({
  node_types: Type.Array(NodeTypeView),
  total_count: Type.Integer(),
});

export const NodeTypesQuery = Type.Object({
  ...PageQuery.properties,
  include_disabled_types: Type.Optional(Type.String()),
});
