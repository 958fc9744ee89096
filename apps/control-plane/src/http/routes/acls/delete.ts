import { AclRulesView, DeleteAclRulesInput } from "@mainstay/api-contract/acls.ts";
import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { deleteRules } from "../../../instances/configure.ts";
import { toRuleViews } from "../../../instances/view.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["acls"],
  summary: "Remove allowed ranges",
  params: InstanceParams,
  body: DeleteAclRulesInput,
  response: { 200: AclRulesView, ...errors },
};

export const deleteRulesRoute: Route = (server, platform) => {
  server.delete(`${base}/instances/:instance_id/acls`, { schema }, async (request) => {
    const { body, params } = request;
    const record = await deleteRules(platform, params.instance_id, body.acl_rule_ips, actorOf(request));
    return { rules: toRuleViews(record) };
  });
};
