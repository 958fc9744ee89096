import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { InstanceView, UpdateInstanceInput } from "@mainstay/api-contract/instances.ts";
import { updateInstance } from "../../../instances/update.ts";
import { viewInstance } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["instances"],
  summary: "Change name, tags and preferences",
  params: InstanceParams,
  body: UpdateInstanceInput,
  response: { 200: InstanceView, ...errors },
};

export const updateInstanceRoute: Route = (server, platform) => {
  server.patch(`${base}/instances/:instance_id`, { schema }, async (request) => {
    const { body, params } = request;
    const record = await updateInstance(platform, params.instance_id, body, actorOf(request));
    return viewInstance(platform, record);
  });
};
