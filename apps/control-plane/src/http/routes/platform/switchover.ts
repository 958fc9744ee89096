import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { LeaderChangeView, SwitchoverInput } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { requestSwitchover } from "../../../instances/change-leader.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Hand an instance over to its synchronous standby",
  params: PlatformParams,
  body: Type.Union([SwitchoverInput, Type.Null()]),
  response: { 200: LeaderChangeView, ...errors },
};

export const switchoverRoute: Route = (server, platform) => {
  server.post(`${platformInstance}/switchover`, { schema }, (request) =>
    requestSwitchover(platform, request.params.instance_id, request.body ?? {}, actorOf(request)),
  );
};
