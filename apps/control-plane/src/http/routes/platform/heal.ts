import { InstanceDetails } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { allowHealing } from "../../../instances/heal.ts";
import { actorOf, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Let autohealing replace nodes again after its hourly limit",
  params: Type.Object({ instance_id: Type.String() }),
  response: { 200: InstanceDetails, ...errors },
};

export const healRoute: Route = (server, platform) => {
  server.post("/mainstay/v1/instances/:instance_id/heal", { schema }, (request) =>
    allowHealing(platform, request.params.instance_id, actorOf(request)),
  );
};
