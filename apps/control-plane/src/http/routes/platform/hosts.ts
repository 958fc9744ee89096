import { HostList } from "@mainstay/api-contract/platform.ts";
import { errors, type Route } from "../../route.ts";

const schema = { tags: ["platform"], summary: "List hosts", response: { 200: HostList, ...errors } };

export const listHostsRoute: Route = (server, platform) => {
  server.get("/mainstay/v1/hosts", { schema }, async () => {
    const hosts = await platform.compute.hosts(AbortSignal.timeout(5_000));
    return { hosts: hosts.map(({ id, zone, state, nodeIds }) => ({ id, zone, state, nodes: [...nodeIds] })) };
  });
};
