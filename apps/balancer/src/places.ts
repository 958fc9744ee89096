/** Where everything of one instance's HAProxy is, and what is remembered of it. */
import { chown, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Config } from "./config.ts";
import type { KnownRoute } from "./route.ts";

export type Place = ReturnType<typeof placeOf>;

export function placeOf({ dir, runtimeDir }: Config, instanceId: string) {
  const own = join(dir, instanceId);
  return {
    dir: own,
    configFile: join(own, "haproxy.cfg"),
    rangesFile: join(own, "allowed-ranges"),
    pidFile: join(own, "haproxy.pid"),
    logFile: join(own, "haproxy.log"),
    knownFile: join(own, "known.json"),
    socket: join(runtimeDir, `${instanceId.slice(0, 13)}.sock`),
  };
}

const Known = Type.Object({
  generation: Type.Integer(),
  term: Type.Integer(),
  address: Type.String(),
  port: Type.Integer(),
});

export async function readKnown({ knownFile }: Place): Promise<KnownRoute | undefined> {
  const text = await readFile(knownFile, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const content: unknown = JSON.parse(text);
  return Value.Check(Known, content) ? content : undefined;
}

export async function writeKnown(place: Place, known: KnownRoute): Promise<void> {
  await writeFileDurably(place.knownFile, `${JSON.stringify(known)}\n`, { mode: 0o600 });
}

export async function makePlace({ dir, runtimeDir, user }: Config, place: Place): Promise<void> {
  for (const folder of [dir, runtimeDir]) await mkdir(folder, { recursive: true, mode: 0o755 });
  await mkdir(place.dir, { recursive: true, mode: 0o700 });
  if (user) for (const folder of [place.dir, runtimeDir]) await chown(folder, user.uid, user.gid);
}

export async function removePlace(place: Place): Promise<void> {
  await rm(place.dir, { recursive: true, force: true });
  await rm(place.socket, { force: true });
}

/** The instances that have a directory. */
export async function knownInstances({ dir }: Config): Promise<string[]> {
  return readdir(dir).catch(() => []);
}
