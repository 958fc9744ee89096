/** `mainstay instance create` */
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InstanceView } from "@mainstay/api-contract/instances.ts";
import { type Api, getInstance, instancesPath, newestEngine, openApi } from "../api.ts";
import { callerDirectory } from "../config.ts";
import { CommandError } from "../errors.ts";
import { print, type ReadOptions } from "../print.ts";
import { psqlLine } from "./connect.ts";
import { waitUntilReady } from "./wait.ts";

export interface CreateOptions extends ReadOptions {
  /** Without: the newest version that can be had. */
  readonly engine?: string;
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
  options: Omit<CreateOptions, "dir"> & { password: string },
) {
  const { engine, nodeType, ha, durability, timing, user, password } = options;
  return api.request("POST", instancesPath, InstanceView, {
    name,
    project_id: api.projectId,
    engine: engine ?? (await newestEngine(api)),
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
