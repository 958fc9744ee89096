import { LeaderChangeView, SwitchoverInput } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { requestSwitchover } from "../../../instances/change-leader.ts";
import { actorOf, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Hand an instance over to its synchronous standby",
  params: Type.Object({ instance_id: Type.String() }),
  body: Type.Union([SwitchoverInput, Type.Null()]),
  response: { 200: LeaderChangeView, ...errors },
};

export const switchoverRoute: Route = (server, platform) => {
  server.post("/mainstay/v1/instances/:instance_id/switchover", { schema }, (request) =>
    requestSwitchover(platform, request.params.instance_id, request.body ?? {}, actorOf(request)),
  );
};
