/** Loopback addresses of nodes: 127.<by directory>.x.y, where x is not 0. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listenFault } from "@mainstay/runtime/listen-fault.ts";
import { loopbackPrefix } from "./own-places.ts";

export const nodePort = 5432;

const addressesDir = (dir: string) => join(dir, "addresses");

/**
 * Reserves the first free address for a node. A file per address makes it so: it is created by one only, however
 * many control planes reserve at once. Undefined: none is left.
 */
export async function takeAddress(dir: string, nodeId: string): Promise<string | undefined> {
  await mkdir(addressesDir(dir), { recursive: true, mode: 0o700 });
  const own = await addressesOf(dir, nodeId);
  if (own[0]) return own[0];
  const taken = new Set(await readdir(addressesDir(dir)));
  const prefix = loopbackPrefix(dir);
  for (let number = 0; number < 250 * 250; number++) {
    const address = `${prefix}.${Math.floor(number / 250) + 1}.${(number % 250) + 1}`;
    if (taken.has(address) || (await listenFault(address, nodePort))) continue;
    if (await createFile(join(addressesDir(dir), address), nodeId)) return address;
  }
  return undefined;
}

export async function freeAddressesOf(dir: string, nodeId: string): Promise<void> {
  for (const address of await addressesOf(dir, nodeId)) await rm(join(addressesDir(dir), address));
}

async function addressesOf(dir: string, nodeId: string): Promise<string[]> {
  const all = await readdir(addressesDir(dir)).catch(() => []);
  const owners = await Promise.all(
    all.map((name) => readFile(join(addressesDir(dir), name), "utf8").catch(() => "")),
  );
  return all.filter((_, index) => owners[index] === nodeId);
}

async function createFile(path: string, content: string): Promise<boolean> {
  return writeFile(path, content, { flag: "wx", mode: 0o600 }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    },
  );
}
