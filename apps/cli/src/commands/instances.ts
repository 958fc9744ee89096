/** `mainstay instance …` */
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InstanceView } from "@mainstay/api-contract/instances.ts";
import { InstanceDetails } from "@mainstay/api-contract/platform.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import {
  type Api,
  findInstance,
  getInstance,
  instancesPath,
  listInstances,
  listNodes,
  openApi,
} from "../api.ts";
import { callerDirectory } from "../config.ts";
import { CommandError } from "../errors.ts";
import { print, printRows, type ReadOptions, say } from "../print.ts";

export interface CreateOptions extends ReadOptions {
  readonly engine: string;
  readonly nodeType: string;
  readonly ha?: boolean;
  readonly durability?: string;
  readonly timing?: string;
  readonly user: string;
  /** Never on the command line itself, which everyone on the machine can see. */
  readonly passwordFile?: string;
  readonly wait?: boolean;
}

export async function createInstance(name: string, options: CreateOptions): Promise<void> {
  const api = await openApi(options.dir);
  const given = options.passwordFile && (await readPassword(options.passwordFile));
  const password = given ?? newPassword();
  const created = await requestInstance(api, name, { ...options, password });
  if (options.wait) await waitUntilReady(api, created.id);
  const instance = await getInstance(api, created.id);
  if (options.json) {
    print(JSON.stringify({ ...instance, ...(given === undefined && { password }) }, null, 2));
    return;
  }
  print(`${instance.name}: ${instance.id} (${instance.status})`);
  print(psqlLine(instance, options.user));
  if (given === undefined) print(`password of ${options.user}, shown only now: ${password}`);
}

export async function requestInstance(
  api: Api,
  name: string,
  {
    engine,
    nodeType,
    ha,
    durability,
    timing,
    user,
    password,
  }: Omit<CreateOptions, "dir"> & { password: string },
) {
  return api.request("POST", instancesPath, InstanceView, {
    name,
    project_id: api.projectId,
    engine,
    node_type: nodeType,
    is_ha_cluster: ha ?? false,
    ...(durability && { durability }),
    ...(timing && { timing }),
    disable_backup: true,
    user_name: user,
    password,
    volume_type: "lssd",
    volume_size: 0,
    tags: [],
  });
}

const readyLimitMs = 120_000;

/** Shows every state with its time; throws when the instance fails or takes too long. */
export async function waitUntilReady(
  api: Api,
  id: string,
  show: (line: string) => void = say,
): Promise<void> {
  const startedMs = performance.now();
  let shown = "";
  for (;;) {
    const status = await statusOf(api, id);
    const tookMs = performance.now() - startedMs;
    if (status !== shown) show(`${(tookMs / 1_000).toFixed(1)} s  ${status}`);
    shown = status;
    if (status === "ready") return;
    if (status === "error" || tookMs > readyLimitMs) throw new CommandError(`instance ${id} is ${status}`);
    await pause(50);
  }
}

/** A control plane that is started again in the meantime goes on with the instance. */
async function statusOf(api: Api, id: string): Promise<string> {
  try {
    return (await getInstance(api, id)).status;
  } catch (error) {
    if (error instanceof CommandError && error.fault.code === "unreachable") return "the API does not answer";
    throw error;
  }
}

export async function printInstances(options: ReadOptions): Promise<void> {
  const rows = (await listInstances(await openApi(options.dir))).map((instance) => ({
    ...instance,
    endpoint: addressOf(instance),
    ha: instance.is_ha_cluster,
  }));
  printRows(rows, ["id", "name", "status", "engine", "node_type", "ha", "endpoint"], options);
}

export async function printInstance(word: string, options: ReadOptions): Promise<void> {
  const api = await openApi(options.dir);
  const instance = await findInstance(api, word);
  const details = await api.request("GET", detailsPath(instance.id), InstanceDetails);
  if (options.json) {
    print(JSON.stringify({ ...instance, ...details }, null, 2));
    return;
  }
  const row = { ...instance, ...details, endpoint: addressOf(instance) };
  printRows([row], ["id", "name", "status", "engine", "endpoint", "durability", "timing"], options);
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

const detailsPath = (id: string) => `/mainstay/v1/instances/${id}`;

export async function deleteInstance(word: string, options: ReadOptions & { wait?: boolean }): Promise<void> {
  const api = await openApi(options.dir);
  const { id } = await findInstance(api, word);
  await api.request("DELETE", `${instancesPath}/${id}`, InstanceView);
  const deadline = performance.now() + readyLimitMs;
  while (options.wait && (await listInstances(api)).some((instance) => instance.id === id)) {
    if (performance.now() > deadline) throw new CommandError(`instance ${id} is still being deleted`);
    await pause(50);
  }
  print(options.wait ? `${id} is deleted` : `${id} is being deleted`);
}

export async function printConnection(
  word: string,
  { user, dir }: ReadOptions & { user: string },
): Promise<void> {
  print(psqlLine(await findInstance(await openApi(dir), word), user));
}

export async function printNodes(word: string, options: ReadOptions): Promise<void> {
  const api = await openApi(options.dir);
  const nodes = await listNodes(api, (await findInstance(api, word)).id);
  printRows(nodes, ["id", "host", "zone", "role", "sync", "state", "address", "port"], options);
}

export function psqlLine(instance: InstanceView, user: string): string {
  const [endpoint] = instance.endpoints;
  return endpoint ? `psql -h ${endpoint.ip} -p ${endpoint.port} -U ${user} rdb` : "no endpoint yet";
}

function addressOf({ endpoints: [endpoint] }: InstanceView): string | undefined {
  return endpoint && `${endpoint.ip}:${endpoint.port}`;
}

/** By the API's rules: a lower and an upper case letter, a digit, a special character. */
export function newPassword(): string {
  const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  const drawn = Array.from({ length: 24 }, () => letters[randomInt(letters.length)]).join("");
  return `${drawn}aA1_`;
}

async function readPassword(file: string): Promise<string> {
  const text = await readFile(resolve(callerDirectory, file), "utf8").catch((cause: unknown) => {
    throw new CommandError(`--password-file ${file} cannot be read`, { cause });
  });
  return text.replace(/\r?\n$/, "");
}
