import { InstanceDetails, InstanceDetailsInput } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { getDetails, updateDetails } from "../../../instances/details.ts";
import { actorOf, errors, type Route } from "../../route.ts";

const common = {
  tags: ["platform"],
  params: Type.Object({ instance_id: Type.String() }),
  response: { 200: InstanceDetails, ...errors },
};
const path = "/mainstay/v1/instances/:instance_id";

export const getDetailsRoute: Route = (server, platform) => {
  const schema = { ...common, summary: "Durability, timing, and why the status is what it is" };
  server.get(path, { schema }, (request) =>
    getDetails(platform, request.params.instance_id, actorOf(request)),
  );
};

export const updateDetailsRoute: Route = (server, platform) => {
  const schema = { ...common, summary: "Change durability or timing", body: InstanceDetailsInput };
  server.patch(path, { schema }, (request) =>
    updateDetails(platform, request.params.instance_id, request.body, actorOf(request)),
  );
};
