import { EndpointParams } from "@mainstay/api-contract/endpoints.ts";
import { Type } from "typebox";
import { deleteEndpoint } from "../../../instances/configure.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["endpoints"],
  summary: "Delete an endpoint",
  params: EndpointParams,
  response: { 204: Type.Null(), ...errors },
};

export const deleteEndpointRoute: Route = (server, platform) => {
  server.delete(`${base}/endpoints/:endpoint_id`, { schema }, async (request, reply) => {
    await deleteEndpoint(platform, request.params.endpoint_id, actorOf(request));
    return reply.code(204).send(null);
  });
};
