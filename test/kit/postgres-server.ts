/** A private PostgreSQL on a unix socket in a temporary directory, run as `postgres` when the caller is root. */
import { spawn } from "node:child_process";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { run } from "@mainstay/runtime/run.ts";
import { endedWhenCutShort } from "./cut-short.ts";
import { newestEngine } from "./engine.ts";
import { openSession } from "./session.ts";
import { unprivilegedUser } from "./user.ts";

export interface PostgresServer extends AsyncDisposable {
  readonly settings: {
    readonly socketDir: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
}

const port = 5432;

/** `as` standby: it follows nobody and can be promoted. */
export async function startPostgres(as: "primary" | "standby" = "primary"): Promise<PostgresServer> {
  const { binDir } = await newestEngine();
  const user = await unprivilegedUser();
  const dir = await mkdtemp(join(tmpdir(), "mainstay-pg-"));
  await chown(dir, user.uid, user.gid);
  const data = join(dir, "data");
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const initArgs = ["-D", data, "-U", "control", "--auth=trust", "--no-sync", "--encoding=UTF8"];
    await run(join(binDir, "initdb"), initArgs, { cwd: dir, timeoutMs: 60_000, ...user });
  } catch (error) {
    await remove();
    throw error;
  }
  if (as === "standby") await writeFile(join(data, "standby.signal"), "");
  const settings = ["listen_addresses=", `unix_socket_directories=${dir}`, "fsync=off", `port=${port}`];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const child = spawn(join(binDir, "postgres"), args, { cwd: dir, stdio: "ignore", ...user });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const server = endedWhenCutShort({
    settings: { socketDir: dir, port, user: "control", database: "postgres" },
    async [Symbol.asyncDispose]() {
      child.kill("SIGQUIT"); // immediate: nothing of it is kept
      await exited;
      await remove();
    },
  });
  try {
    const answers = () => connects(server.settings).catch(() => undefined);
    await waitFor(answers, { what: "PostgreSQL's first answer", timeoutMs: 20_000, everyMs: 50 });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function connects({ socketDir: host, ...settings }: PostgresServer["settings"]): Promise<true> {
  await using _ = await openSession({ ...settings, host });
  return true;
}
