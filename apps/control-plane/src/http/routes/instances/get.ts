import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { InstanceView } from "@mainstay/api-contract/instances.ts";
import { getInstance } from "../../../instances/find.ts";
import { viewInstance } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["instances"],
  summary: "Get an instance",
  params: InstanceParams,
  response: { 200: InstanceView, ...errors },
};

export const getInstanceRoute: Route = (server, platform) => {
  server.get(`${base}/instances/:instance_id`, { schema }, async (request) => {
    const record = await getInstance(platform.db, request.params.instance_id, actorOf(request));
    return viewInstance(platform, record);
  });
};
