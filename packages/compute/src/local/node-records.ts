/** record.json of each node: what was reserved for it, and whether it should run. */
import { mkdir, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { platformRuntimeDir } from "./own-places.ts";

const NodeRecord = Type.Object({
  id: Type.String(),
  instanceId: Type.String(),
  hostId: Type.String(),
  address: Type.String(),
  port: Type.Integer(),
  /** reserved: not started yet. */
  state: Type.Union([Type.Literal("reserved"), Type.Literal("running")]),
});
export type NodeRecord = Readonly<Static<typeof NodeRecord>>;

export function nodeDirOf(dir: string, { hostId, id }: { hostId: string; id: string }): string {
  return join(dir, "hosts", hostId, "nodes", id);
}

/** Compiled code, shared by the nodes of one host: they run the same programs as the same user. */
export function cacheDirOf(dir: string, hostId: string): string {
  return join(dir, "hosts", hostId, "compiled");
}

export function runtimeDirOf(dir: string, nodeId: string): string {
  return join(platformRuntimeDir(dir), nodeId);
}

export async function readRecords(dir: string): Promise<NodeRecord[]> {
  const hosts = await readdir(join(dir, "hosts")).catch(() => []);
  const all = await Promise.all(hosts.map((host) => readRecordsOf(join(dir, "hosts", host, "nodes"))));
  return all.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export async function writeRecord(dir: string, record: NodeRecord): Promise<void> {
  const nodeDir = nodeDirOf(dir, record);
  await mkdir(nodeDir, { recursive: true, mode: 0o700 });
  const content = `${JSON.stringify(record)}\n`;
  await writeFileDurably(join(await realpath(nodeDir), "record.json"), content, { mode: 0o600 });
}

/** A directory without a record is half-made or half-removed: no node. */
async function readRecordsOf(nodesDir: string): Promise<NodeRecord[]> {
  const names = await readdir(nodesDir).catch(() => []);
  const records = await Promise.all(names.map((name) => readRecord(join(nodesDir, name, "record.json"))));
  return records.filter((record) => record !== undefined);
}

async function readRecord(file: string): Promise<NodeRecord | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const content: unknown = JSON.parse(text);
  if (!Value.Check(NodeRecord, content)) throw new Error(`${file} is malformed`);
  return content;
}
