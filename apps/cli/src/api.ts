/** The public API, as the command line uses it, with the key of connection.env. */
import { readFile } from "node:fs/promises";
import { EngineList } from "@mainstay/api-contract/engines.ts";
import {
  InstanceList,
  InstanceView as InstanceSchema,
  type InstanceView,
} from "@mainstay/api-contract/instances.ts";
import { HostList, InstanceDetails, NodeList } from "@mainstay/api-contract/platform.ts";
import type { Static, TSchema } from "typebox";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { findDirectory } from "./config.ts";
import { CommandError, noPlatform } from "./errors.ts";
import { layoutOf } from "./platform/layout.ts";

const timeoutMs = 30_000;

export interface Api {
  readonly url: string;
  readonly projectId: string;
  request<T extends TSchema>(method: string, path: string, schema: T, body?: object): Promise<Static<T>>;
}

const Failure = Type.Object({ message: Type.String() });
const Details = Type.Object({
  details: Type.Array(
    Type.Object({ argument_name: Type.String(), help_message: Type.Optional(Type.String()) }),
  ),
});

export async function openApi(dir: string): Promise<Api> {
  const values = await readConnection(dir);
  const value = (name: string): string => {
    const found = values.get(name);
    if (found === undefined) throw new CommandError(`connection.env has no ${name}`);
    return found;
  };
  const url = value("MAINSTAY_URL");
  return {
    url,
    projectId: value("SCW_DEFAULT_PROJECT_ID"),
    async request(method, path, schema, body) {
      const response = await send(`${url}${path}`, method, value("SCW_SECRET_KEY"), body);
      const text = await response.text();
      const content: unknown = text === "" ? {} : JSON.parse(text);
      if (!response.ok) {
        const code = response.status === 404 ? "missing" : "refused";
        throw new CommandError(problemOf(content, response.status), {}, code);
      }
      if (!Value.Check(schema, content)) throw new CommandError(`${method} ${path}: the answer is malformed`);
      return content;
    },
  };
}

const regionPath = "/rdb/v1/regions/fr-par";
export const instancesPath = `${regionPath}/instances`;

export async function listInstances(api: Api): Promise<readonly InstanceView[]> {
  const all: InstanceView[] = [];
  for (let page = 1; ; page++) {
    const path = `${instancesPath}?page=${page}&page_size=100`;
    const { instances, total_count } = await api.request("GET", path, InstanceList);
    all.push(...instances);
    if (instances.length === 0 || all.length >= total_count) return all;
  }
}

export const getInstance = (api: Api, id: string) =>
  api.request("GET", `${instancesPath}/${id}`, InstanceSchema);

/** The paths of its nodes, events and incidents begin with it. */
export const detailsPath = (id: string) => `/mainstay/v1/instances/${id}`;

export const getDetails = (api: Api, id: string) => api.request("GET", detailsPath(id), InstanceDetails);

/** The newest version of PostgreSQL that can be had. */
export async function newestEngine(api: Api): Promise<string> {
  const { engines } = await api.request("GET", `${regionPath}/database-engines`, EngineList);
  const newest = engines[0]?.versions[0];
  if (!newest) throw new CommandError("no PostgreSQL is installed: install the package postgresql");
  return newest.name;
}

/** By id, by the beginning of an id, or by name; a word that fits two is refused. */
export async function findInstance(api: Api, word: string): Promise<InstanceView> {
  const all = await listInstances(api);
  const exact = all.filter(({ id }) => id === word);
  const fits =
    exact.length > 0 ? exact : all.filter(({ id, name }) => name === word || isBeginning(word, id));
  const [first, second] = fits;
  if (!first) throw new CommandError(`there is no instance ${JSON.stringify(word)}`);
  if (second) {
    const ids = fits.map(({ id }) => id).join(", ");
    throw new CommandError(
      `${JSON.stringify(word)} fits ${fits.length} instances, name one by its id: ${ids}`,
    );
  }
  return first;
}

export async function listNodes(api: Api, instanceId: string) {
  return (await api.request("GET", `${detailsPath(instanceId)}/nodes`, NodeList)).nodes;
}

export async function listHosts(api: Api) {
  return (await api.request("GET", "/mainstay/v1/hosts", HostList)).hosts;
}

function isBeginning(word: string, id: string): boolean {
  return word.length >= 4 && id.startsWith(word);
}

async function send(url: string, method: string, token: string, body: object | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { "X-Auth-Token": token, ...(body && { "Content-Type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    const message = `the API at ${new URL(url).origin} does not answer; is the platform up?`;
    throw new CommandError(message, { cause }, "unreachable");
  }
}

function problemOf(content: unknown, status: number): string {
  const message = Value.Check(Failure, content) ? content.message : `the API answered ${status}`;
  if (!Value.Check(Details, content)) return message;
  const details = content.details.map(
    ({ argument_name, help_message }) => `${argument_name}: ${help_message ?? ""}`,
  );
  const news = details.filter((detail) => !message.includes(detail));
  return news.length === 0 ? message : `${message} (${news.join("; ")})`;
}

async function readConnection(dir: string): Promise<Map<string, string>> {
  const path = await findDirectory(dir);
  const text = path && (await readFile(layoutOf(path).connectionFile, "utf8").catch(() => undefined));
  if (!text) throw noPlatform(dir, `: start one with \`mainstay up --dir ${dir}\``);
  return new Map(
    [...text.matchAll(/^export (\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}
