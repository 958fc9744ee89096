import { RegionParams } from "@mainstay/api-contract/common.ts";
import { InstanceList, InstancesQuery } from "@mainstay/api-contract/instances.ts";
import { uuidPattern } from "../../../instances/find.ts";
import { viewInstances } from "../../../instances/view.ts";
import { listInstances } from "../../../store/instances.ts";
import { toPage } from "../../paging.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["instances"],
  summary: "List instances",
  params: RegionParams,
  querystring: InstancesQuery,
  response: { 200: InstanceList, ...errors },
};

export const listInstancesRoute: Route = (server, platform) => {
  server.get(`${base}/instances`, { schema }, async (request) => {
    const { query } = request;
    const { organizationId } = actorOf(request);
    const isOthers = query.organization_id && query.organization_id.toLowerCase() !== organizationId;
    const isNobodys = query.project_id && !uuidPattern.test(query.project_id);
    // No text of the database holds a zero byte, and it takes none to compare with.
    const isNoText = [query.name, query.tags].flat().some((text) => text?.includes("\0"));
    // There are no maintenances yet, so nothing matches a filter for them.
    const isNothing = isOthers || isNobodys || isNoText || query.has_maintenances === "true";
    if (isNothing) return { instances: [], total_count: 0 };
    const { records, total } = await listInstances(platform.db, organizationId, query, toPage(query));
    return { instances: await viewInstances(platform, records), total_count: total };
  });
};
