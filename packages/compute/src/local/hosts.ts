/** Virtual hosts: directories that pretend to be machines, so that placement and host loss are real on a laptop. */
import { mkdir, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { ComputeError } from "../compute.ts";

const VirtualHost = Type.Object({
  id: Type.String({ pattern: "^host-[0-9]+$" }),
  zone: Type.String(),
  state: Type.Union([Type.Literal("running"), Type.Literal("down"), Type.Literal("frozen")]),
});
export type VirtualHost = Readonly<Static<typeof VirtualHost>>;

/** host-1 … host-`count`, each in a zone of its own; those that exist are left as they are. */
export async function createHosts(dir: string, count: number, region = "fr-par"): Promise<void> {
  const present = new Set((await readHosts(dir)).map(({ id }) => id));
  for (let number = 1; number <= count; number++) {
    const id = `host-${number}`;
    if (present.has(id)) continue;
    // Nodes run as another user and must reach their own directories below.
    await mkdir(join(dir, "hosts", id, "nodes"), { recursive: true, mode: 0o755 });
    await writeHost(dir, { id, zone: `${region}-${number}`, state: "running" });
  }
}

export async function readHosts(dir: string): Promise<VirtualHost[]> {
  const names = await readdir(join(dir, "hosts")).catch(() => []);
  const hosts = await Promise.all(names.map((name) => readHost(dir, name)));
  return hosts.filter((host) => host !== undefined).toSorted((a, b) => numberOf(a) - numberOf(b));
}

export async function findHost(dir: string, hostId: string): Promise<VirtualHost> {
  const host = (await readHosts(dir)).find(({ id }) => id === hostId);
  if (!host) throw new ComputeError({ code: "host-not-found", hostId });
  return host;
}

export async function writeHost(dir: string, host: VirtualHost): Promise<void> {
  const content = `${JSON.stringify(host)}\n`;
  await writeFileDurably(join(dir, "hosts", host.id, "host.json"), content, { mode: 0o644 });
}

/** Processes show their working directory as a real path. */
export async function hostDir(dir: string, hostId: string): Promise<string> {
  return realpath(join(dir, "hosts", hostId));
}

async function readHost(dir: string, name: string): Promise<VirtualHost | undefined> {
  const text = await readFile(join(dir, "hosts", name, "host.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const content: unknown = JSON.parse(text);
  if (!Value.Check(VirtualHost, content)) throw new Error(`hosts/${name}/host.json is malformed`);
  return content;
}

function numberOf({ id }: VirtualHost): number {
  return Number(id.slice("host-".length));
}
