import { EndpointParams, EndpointView } from "@mainstay/api-contract/endpoints.ts";
import { notFound } from "@mainstay/api-contract/errors.ts";
import { findEndpoint } from "../../../instances/configure.ts";
import { toEndpointViews } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["endpoints"],
  summary: "Get an endpoint",
  params: EndpointParams,
  response: { 200: EndpointView, ...errors },
};

export const getEndpointRoute: Route = (server, platform) => {
  server.get(`${base}/endpoints/:endpoint_id`, { schema }, async (request) => {
    const { endpoint_id: id } = request.params;
    const [view] = toEndpointViews(await findEndpoint(platform.db, id, actorOf(request)));
    if (!view) throw notFound("endpoint", id);
    return view;
  });
};
