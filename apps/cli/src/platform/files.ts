import { chown } from "node:fs/promises";
import { join } from "node:path";
import type { Authority, CertificateRequest } from "@mainstay/certificates/authority.ts";
import { pathExists, writeFileDurably } from "@mainstay/runtime/files.ts";
import type { User } from "./user.ts";

export async function giveTo(user: User | undefined, path: string): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}

/** `<name>.crt`, `<name>.key` and ca.crt in `dir`; made once. */
export async function writeCertificate(
  dir: string,
  name: string,
  authority: Authority,
  user: User | undefined,
  request: CertificateRequest,
): Promise<void> {
  if (await pathExists(join(dir, `${name}.crt`))) return;
  const { certificatePem, keyPem } = await authority.issue(request);
  const options = { mode: 0o600, ...user };
  await writeFileDurably(join(dir, "ca.crt"), authority.caPem, options);
  await writeFileDurably(join(dir, `${name}.key`), keyPem, options);
  await writeFileDurably(join(dir, `${name}.crt`), certificatePem, options);
}
