import { RegionParams } from "@mainstay/api-contract/common.ts";
import { CreateInstanceInput, InstanceView } from "@mainstay/api-contract/instances.ts";
import { createInstance } from "../../../instances/create.ts";
import { viewInstance } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["instances"],
  summary: "Create an instance",
  params: RegionParams,
  body: CreateInstanceInput,
  response: { 200: InstanceView, ...errors },
};

export const createInstanceRoute: Route = (server, platform) => {
  server.post(`${base}/instances`, { schema }, async (request) => {
    const record = await createInstance(platform, request.body, actorOf(request));
    return viewInstance(platform, record);
  });
};
