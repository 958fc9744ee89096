/** platform.json: what the first `up` of a directory settled, for every later one. No secrets. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { listenFault } from "@mainstay/runtime/listen-fault.ts";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { CommandError } from "../errors.ts";
import type { Layout } from "./layout.ts";

const Settings = Type.Object({
  listen: Type.Object({ address: Type.String(), port: Type.Integer() }),
  hosts: Type.Integer(),
  etcdMembers: Type.Integer(),
  /** When a node that stays lost is replaced. */
  replaceAfterMs: Type.Optional(Type.Integer()),
  accessKey: Type.String(),
  secretHash: Type.String(),
  organizationId: Type.String(),
  projectId: Type.String(),
  /** Where instances' endpoints get their ports from. */
  endpointPorts: Type.Object({ first: Type.Integer(), last: Type.Integer() }),
  /** The first `up` ended well: the demo instance was made, if it was wanted. */
  isComplete: Type.Boolean(),
});
export type Settings = Static<typeof Settings>;

export const region = "fr-par";

export async function readSettings({ settingsFile }: Layout): Promise<Settings | undefined> {
  const text = await readFile(settingsFile, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const content: unknown = JSON.parse(text);
  if (!Value.Check(Settings, content)) throw new CommandError(`${settingsFile} is malformed`);
  return content;
}

export async function writeSettings({ settingsFile }: Layout, settings: Settings): Promise<void> {
  await writeFileDurably(settingsFile, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

export interface FirstSettings {
  readonly listen: { readonly address: string; readonly port: number };
  readonly hosts: number;
  readonly etcdMembers: number;
}

/** The secret key is a UUID, as clients expect; only its hash is kept by the control plane. */
export async function createSettings(layout: Layout, first: FirstSettings): Promise<Settings> {
  const secretKey = randomUUID();
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const accessKey = `SCW${[...randomBytes(17)].map((byte) => letters[byte % letters.length]).join("")}`;
  const firstPort = await freeRange(first.listen.address);
  const settings: Settings = {
    ...first,
    accessKey,
    secretHash: createHash("sha256").update(secretKey).digest("hex"),
    organizationId: randomUUID(),
    projectId: randomUUID(),
    endpointPorts: { first: firstPort, last: firstPort + rangeSize - 1 },
    isComplete: false,
  };
  await writeConnection(layout, settings, secretKey);
  await writeSettings(layout, settings);
  return settings;
}

const rangeSize = 100;

/** Drawn, so that platforms on one machine rarely meet, until nothing listens anywhere in it. */
async function freeRange(address: string): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const firstPort = 20_000 + (randomBytes(2).readUInt16BE() % 120) * rangeSize;
    const ports = Array.from({ length: rangeSize }, (_, index) => firstPort + index);
    const faults = await Promise.all(ports.map((port) => listenFault(address, port)));
    if (faults.every((fault) => fault === undefined)) return firstPort;
  }
  throw new CommandError(`${address} has no ${rangeSize} free ports in a row between 20000 and 32000`);
}

/** A file to `source`: everything a client written for that API reads. */
async function writeConnection(layout: Layout, settings: Settings, secretKey: string): Promise<void> {
  const url = `http://${settings.listen.address}:${settings.listen.port}`;
  const lines = {
    MAINSTAY_URL: url,
    SCW_API_URL: url,
    SCW_ACCESS_KEY: settings.accessKey,
    SCW_SECRET_KEY: secretKey,
    SCW_DEFAULT_ORGANIZATION_ID: settings.organizationId,
    SCW_DEFAULT_PROJECT_ID: settings.projectId,
    SCW_DEFAULT_REGION: region,
  };
  const text = Object.entries(lines).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFileDurably(layout.connectionFile, text.join(""), { mode: 0o600 });
}
