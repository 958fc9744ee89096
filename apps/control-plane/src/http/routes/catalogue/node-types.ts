import { RegionParams } from "@mainstay/api-contract/common.ts";
import { NodeTypeList, NodeTypesQuery, type NodeTypeView } from "@mainstay/api-contract/node-types.ts";
import { type Plan, plans } from "@mainstay/api-contract/plans.ts";
import { slice } from "../../paging.ts";
import { base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["catalogue"],
  summary: "List node types",
  params: RegionParams,
  querystring: NodeTypesQuery,
  response: { 200: NodeTypeList, ...errors },
};

export const listNodeTypesRoute: Route = (server, platform) => {
  server.get(`${base}/node-types`, { schema }, async ({ query }) => {
    const isWithDisabled = query.include_disabled_types === "true";
    const offered = plans.filter((plan) => isWithDisabled || !plan.isDisabled);
    const views = offered.map((plan) => toNodeTypeView(plan, platform.region));
    return { node_types: slice(views, query), total_count: views.length };
  });
};

function toNodeTypeView(plan: Plan, region: string): NodeTypeView {
  const size = { min_size: plan.volumeBytes, max_size: plan.volumeBytes };
  const description = "local storage, its size comes with the node type";
  return {
    name: plan.name,
    stock_status: "available",
    description: plan.description,
    vcpus: plan.vcpus,
    memory: plan.memoryBytes,
    volume_constraint: size,
    is_bssd_compatible: false,
    disabled: plan.isDisabled,
    beta: false,
    available_volume_types: [{ type: "lssd", description, ...size, chunk_size: 0, class: "lssd" }],
    is_ha_required: false,
    generation: "generation_v1",
    instance_range: plan.range,
    region,
  };
}
