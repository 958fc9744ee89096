import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { EventList, EventsQuery } from "@mainstay/api-contract/events.ts";
import { listEvents } from "../../../instances/events.ts";
import { toPage } from "../../paging.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "The timeline of an instance: what was decided, by whom and why",
  params: PlatformParams,
  querystring: EventsQuery,
  response: { 200: EventList, ...errors },
};

export const listEventsRoute: Route = (server, platform) => {
  server.get(`${platformInstance}/events`, { schema }, async (request) => {
    const { params, query } = request;
    return listEvents(platform, params.instance_id, query, toPage(query), actorOf(request));
  });
};
