import { SwitchoverInput, SwitchoverView } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { requestSwitchover } from "../../../instances/switchover.ts";
import { actorOf, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Hand an instance over to its synchronous standby",
  params: Type.Object({ instance_id: Type.String() }),
  body: Type.Union([SwitchoverInput, Type.Null()]),
  response: { 200: SwitchoverView, ...errors },
};

export const switchoverRoute: Route = (server, platform) => {
  server.post("/mainstay/v1/instances/:instance_id/switchover", { schema }, async (request) => {
    const { body, params } = request;
    return requestSwitchover(platform, params.instance_id, body?.target, actorOf(request));
  });
};
