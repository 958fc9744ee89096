import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { NodeList } from "@mainstay/api-contract/platform.ts";
import { listNodes } from "../../../instances/nodes.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "List the nodes of an instance",
  params: PlatformParams,
  response: { 200: NodeList, ...errors },
};

export const listNodesRoute: Route = (server, platform) => {
  server.get(`${platformInstance}/nodes`, { schema }, async (request) => ({
    nodes: await listNodes(platform, request.params.instance_id, actorOf(request)),
  }));
};
