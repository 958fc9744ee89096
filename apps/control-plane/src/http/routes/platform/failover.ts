import { PlatformParams } from "@mainstay/api-contract/common.ts";
import { FailoverInput, LeaderChangeView } from "@mainstay/api-contract/platform.ts";
import { Type } from "typebox";
import { requestFailover } from "../../../instances/change-leader.ts";
import { actorOf, errors, platformInstance, type Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Let another node lead, however the leader fares",
  params: PlatformParams,
  body: Type.Union([FailoverInput, Type.Null()]),
  response: { 200: LeaderChangeView, ...errors },
};

export const failoverRoute: Route = (server, platform) => {
  server.post(`${platformInstance}/failover`, { schema }, (request) =>
    requestFailover(platform, request.params.instance_id, request.body ?? {}, actorOf(request)),
  );
};
