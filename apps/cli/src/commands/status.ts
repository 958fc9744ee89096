/** `mainstay status`: what runs, at a look. */
import { listHosts, listInstances, openApi } from "../api.ts";
import { print, printRows, type ReadOptions } from "../print.ts";

export async function printStatus(options: ReadOptions): Promise<void> {
  const api = await openApi(options.dir);
  const [instances, hosts] = await Promise.all([listInstances(api), listHosts(api)]);
  if (options.json) {
    print(JSON.stringify({ url: api.url, instances, hosts }, null, 2));
    return;
  }
  print(`API ${api.url}`);
  const rows = instances.map((instance) => {
    const [endpoint] = instance.endpoints;
    return { ...instance, endpoint: endpoint && `${endpoint.ip}:${endpoint.port}` };
  });
  printRows(rows, ["name", "status", "engine", "endpoint"], options);
  printRows(hosts, ["id", "zone", "state", "nodes"], options);
}
