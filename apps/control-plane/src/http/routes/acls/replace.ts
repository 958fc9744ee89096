import { AclRulesInput, AclRulesView } from "@mainstay/api-contract/acls.ts";
import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { replaceRules } from "../../../instances/configure.ts";
import { toRuleViews } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["acls"],
  summary: "Replace all allowed ranges",
  params: InstanceParams,
  body: AclRulesInput,
  response: { 200: AclRulesView, ...errors },
};

export const replaceRulesRoute: Route = (server, platform) => {
  server.put(`${base}/instances/:instance_id/acls`, { schema }, async (request) => {
    const { body, params } = request;
    const record = await replaceRules(platform, params.instance_id, body.rules, actorOf(request));
    return { rules: toRuleViews(record) };
  });
};
