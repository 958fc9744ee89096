/**
 * What a platform has outside its directory: found by the directory's path (a real one), so that several live side
 * by side.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For unix sockets, and therefore short: a path of theirs has 107 bytes at most. */
export function platformRuntimeDir(dir: string): string {
  const short = hashOf(dir).toString("hex").slice(0, 8);
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? join("/run/mainstay", short) : join(tmpdir(), `mainstay-${uid}-${short}`);
}

/** The beginning of its loopback addresses. Its own servers have 127.x.0.y, its nodes the rest. */
export function loopbackPrefix(dir: string): string {
  return `127.${16 + ((hashOf(dir)[0] ?? 0) % 200)}`;
}

function hashOf(dir: string): Buffer {
  return createHash("sha256").update(dir).digest();
}
