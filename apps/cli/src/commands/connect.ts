/** `mainstay instance connect`: psql on a terminal; else, and with --print, the line to type. */
import { spawn } from "node:child_process";
import type { InstanceView } from "@mainstay/api-contract/instances.ts";
import { findInstance, getDetails, openApi } from "../api.ts";
import { CommandError } from "../errors.ts";
import { print, type ReadOptions } from "../print.ts";

const database = "rdb";

interface ConnectOptions extends ReadOptions {
  /** Without: the user that was made with the instance. */
  readonly user?: string;
  readonly print?: boolean;
}

export async function connectInstance(word: string, options: ConnectOptions): Promise<void> {
  const api = await openApi(options.dir);
  const instance = await findInstance(api, word);
  const user = options.user ?? (await getDetails(api, instance.id)).first_user;
  if (user === null) throw new CommandError(`${instance.name} was made without a user: name one by --user`);
  const [endpoint] = instance.endpoints;
  if (!endpoint) throw new CommandError(`${instance.name} is ${instance.status} and has no endpoint now`);
  if (options.json) {
    print(JSON.stringify({ host: endpoint.ip, port: endpoint.port, user, database }, null, 2));
  } else if (options.print || !process.stdin.isTTY || !process.stdout.isTTY) {
    print(psqlLine(instance, user));
  } else {
    await runPsql(psqlArguments(endpoint, user));
  }
}

export function psqlLine(instance: InstanceView, user: string): string {
  const [endpoint] = instance.endpoints;
  return endpoint ? `psql ${psqlArguments(endpoint, user).join(" ")}` : "no endpoint yet";
}

function psqlArguments({ ip, port }: InstanceView["endpoints"][number], user: string): string[] {
  return ["-h", ip ?? "", "-p", String(port), "-U", user, database];
}

async function runPsql(args: readonly string[]): Promise<void> {
  const psql = spawn("psql", args, { stdio: "inherit" });
  process.on("SIGINT", () => {}); // Ctrl-C is psql's
  process.exitCode = await new Promise<number>((resolve, reject) => {
    psql.once("error", (cause) =>
      reject(new CommandError("psql cannot be run: install the package postgresql-client", { cause })),
    );
    psql.once("exit", (code) => resolve(code ?? 1));
  });
}
