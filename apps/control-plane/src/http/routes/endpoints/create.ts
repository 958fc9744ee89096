import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { CreateEndpointInput, EndpointView } from "@mainstay/api-contract/endpoints.ts";
import { addEndpoint } from "../../../instances/configure.ts";
import { toEndpointViews } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["endpoints"],
  summary: "Add the load balancer endpoint",
  params: InstanceParams,
  body: CreateEndpointInput,
  response: { 200: EndpointView, ...errors },
};

export const createEndpointRoute: Route = (server, platform) => {
  server.post(`${base}/instances/:instance_id/endpoints`, { schema }, async (request) => {
    const { body, params } = request;
    const record = await addEndpoint(platform, params.instance_id, body.endpoint_spec, actorOf(request));
    const [view] = toEndpointViews(record);
    if (!view) throw new Error(`BUG: instance ${record.instance.id} was given an endpoint and has none`);
    return view;
  });
};
