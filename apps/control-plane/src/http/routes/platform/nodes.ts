import { NodeList } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { listNodes } from "../../../instances/nodes.ts";
import { actorOf, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "List the nodes of an instance",
  params: Type.Object({ instance_id: Type.String() }),
  response: { 200: NodeList, ...errors },
};

export const listNodesRoute: Route = (server, platform) => {
  server.get("/mainstay/v1/instances/:instance_id/nodes", { schema }, async (request) => ({
    nodes: await listNodes(platform, request.params.instance_id, actorOf(request)),
  }));
};
