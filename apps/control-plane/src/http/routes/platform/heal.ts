import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { InstanceDetails } from "@mainstay/api-contract/platform.ts";
import { allowHealing } from "../../../instances/heal.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Let autohealing replace nodes again after its hourly limit",
  params: PlatformParams,
  response: { 200: InstanceDetails, ...errors },
};

export const healRoute: Route = (server, platform) => {
  server.post(`${platformInstance}/heal`, { schema }, (request) =>
    allowHealing(platform, request.params.instance_id, actorOf(request)),
  );
};
