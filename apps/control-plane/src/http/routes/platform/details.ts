import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { InstanceDetails, InstanceDetailsInput } from "@mainstay/api-contract/platform.ts";
import { getDetails, updateDetails } from "../../../instances/details.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const common = {
  tags: ["platform"],
  params: PlatformParams,
  response: { 200: InstanceDetails, ...errors },
};

export const getDetailsRoute: Route = (server, platform) => {
  const schema = { ...common, summary: "Durability, timing, and why the status is what it is" };
  server.get(platformInstance, { schema }, (request) =>
    getDetails(platform, request.params.instance_id, actorOf(request)),
  );
};

export const updateDetailsRoute: Route = (server, platform) => {
  const schema = { ...common, summary: "Change durability or timing", body: InstanceDetailsInput };
  server.patch(platformInstance, { schema }, (request) =>
    updateDetails(platform, request.params.instance_id, request.body, actorOf(request)),
  );
};
