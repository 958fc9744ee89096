import { AclRuleList } from "@mainstay/api-contract/acls.ts";
import { InstanceParams, PageQuery } from "@mainstay/api-contract/common.ts";
import { getInstance } from "../../../instances/find.ts";
import { toRuleViews } from "../../../instances/view.ts";
import { slice } from "../../paging.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["acls"],
  summary: "List allowed ranges",
  params: InstanceParams,
  querystring: PageQuery,
  response: { 200: AclRuleList, ...errors },
};

export const listRulesRoute: Route = (server, platform) => {
  server.get(`${base}/instances/:instance_id/acls`, { schema }, async (request) => {
    const record = await getInstance(platform.db, request.params.instance_id, actorOf(request));
    const rules = toRuleViews(record);
    return { rules: slice(rules, request.query), total_count: rules.length };
  });
};
