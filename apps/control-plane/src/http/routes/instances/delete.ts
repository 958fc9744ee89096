import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { InstanceView } from "@mainstay/api-contract/instances.ts";
import { deleteInstance } from "../../../instances/delete.ts";
import { viewInstance } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["instances"],
  summary: "Delete an instance, in any state",
  params: InstanceParams,
  response: { 200: InstanceView, ...errors },
};

export const deleteInstanceRoute: Route = (server, platform) => {
  server.delete(`${base}/instances/:instance_id`, { schema }, async (request) => {
    const record = await deleteInstance(platform, request.params.instance_id, actorOf(request));
    return viewInstance(platform, record);
  });
};
