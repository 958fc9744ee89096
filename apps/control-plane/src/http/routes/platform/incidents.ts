import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { IncidentList, IncidentsQuery } from "@mainstay/api-contract/incidents.ts";
import { listIncidents } from "../../../instances/incidents.ts";
import { slice } from "../../paging.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Failovers, switchovers and losses of a standby, newest first",
  params: PlatformParams,
  querystring: IncidentsQuery,
  response: { 200: IncidentList, ...errors },
};

export const listIncidentsRoute: Route = (server, platform) => {
  server.get(`${platformInstance}/incidents`, { schema }, async (request) => {
    const { params, query } = request;
    const all = await listIncidents(platform, params.instance_id, query.since, actorOf(request));
    return { incidents: slice(all, query), total_count: all.length };
  });
};
