import { readFile } from "node:fs/promises";

/** Of one TLS client or server. */
export interface Pem {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** `files`: the paths of what is returned as text. */
export async function readPemFiles(files: Pem): Promise<Pem> {
  const [ca, certificate, key] = await Promise.all([
    readFile(files.ca, "utf8"),
    readFile(files.certificate, "utf8"),
    readFile(files.key, "utf8"),
  ]);
  return { ca, certificate, key };
}
