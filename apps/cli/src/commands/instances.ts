/** `mainstay instance …` and `mainstay node …`, but for creating, connecting and who leads. */
import { InstanceView } from "@mainstay/api-contract/instances.ts";
import { InstanceDetails } from "@mainstay/api-contract/platform.ts";
import {
  detailsPath,
  findInstance,
  getDetails,
  instancesPath,
  listInstances,
  listNodes,
  openApi,
} from "../api.ts";
import { CommandError } from "../errors.ts";
import { print, printRows, type ReadOptions } from "../print.ts";
import { waitUntilGone } from "./wait.ts";

export async function printInstances(options: ReadOptions): Promise<void> {
  const instances = await listInstances(await openApi(options.dir));
  const columns = ["id", "name", "status", "engine", "node_type", "ha", "endpoint"];
  printRows(options.json ? instances : instances.map(toRow), columns, options);
}

export async function printInstance(word: string, options: ReadOptions): Promise<void> {
  const api = await openApi(options.dir);
  const instance = await findInstance(api, word);
  const details = await getDetails(api, instance.id);
  if (options.json) {
    print(JSON.stringify({ ...instance, ...details }, null, 2));
    return;
  }
  const columns = ["id", "name", "status", "engine", "endpoint", "durability", "timing"];
  printRows([{ ...toRow(instance), ...details }], columns, options);
  if (details.status_reason !== "") print(`${details.status}: ${details.status_reason}`);
}

export interface UpdateOptions extends ReadOptions {
  readonly durability?: string;
  readonly timing?: string;
}

export async function updateInstance(word: string, options: UpdateOptions): Promise<void> {
  const { durability, timing } = options;
  if (!durability && !timing) throw new CommandError("nothing to change: give --durability or --timing");
  const api = await openApi(options.dir);
  const { id } = await findInstance(api, word);
  const changes = { ...(durability && { durability }), ...(timing && { timing }) };
  const details = await api.request("PATCH", detailsPath(id), InstanceDetails, changes);
  if (options.json) print(JSON.stringify(details, null, 2));
  else print(`${id}: durability ${details.durability}, timing ${details.timing}`);
}

export async function healInstance(word: string, { dir }: ReadOptions): Promise<void> {
  const api = await openApi(dir);
  const { id } = await findInstance(api, word);
  const { status, status_reason } = await api.request("POST", `${detailsPath(id)}/heal`, InstanceDetails);
  print(`nodes of ${id} may be replaced again; it is ${status}${status_reason && `: ${status_reason}`}`);
}

export async function deleteInstance(word: string, options: ReadOptions & { wait?: boolean }): Promise<void> {
  const api = await openApi(options.dir);
  const { id } = await findInstance(api, word);
  const deleting = await api.request("DELETE", `${instancesPath}/${id}`, InstanceView);
  if (options.wait) await waitUntilGone(api, id);
  if (options.json) print(JSON.stringify(deleting, null, 2));
  else print(options.wait ? `${id} is deleted` : `${id} is being deleted`);
}

export async function printNodes(word: string, options: ReadOptions): Promise<void> {
  const api = await openApi(options.dir);
  const nodes = await listNodes(api, (await findInstance(api, word)).id);
  printRows(nodes, ["id", "host", "host_state", "zone", "role", "sync", "state", "address", "port"], options);
}

function toRow(instance: InstanceView) {
  const [endpoint] = instance.endpoints;
  return {
    ...instance,
    ha: instance.is_ha_cluster,
    endpoint: endpoint && `${endpoint.ip}:${endpoint.port}`,
  };
}
