// Must be first: @peculiar/x509 needs it while it loads.
import "reflect-metadata";
import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

export interface CertificateRequest {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** peer: both, for members of a cluster that call each other. */
  readonly usage: "server" | "client" | "peer";
  readonly days: number;
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Authority {
  readonly caPem: string;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly fault:
    | { readonly code: "common-name-refused"; readonly commonName: string }
    | { readonly code: "name-refused"; readonly value: string }
    | { readonly code: "subject-differs"; readonly subject: string };
  constructor(fault: CertificateError["fault"], options?: ErrorOptions) {
    super(`certificates: ${fault.code}`, options);
    this.fault = fault;
  }
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3600_000;
const dayMs = 24 * hourMs;

/** The authority kept in `dir` (ca.crt, ca.key); it is made there if there is none. */
export async function createAuthority(dir: string): Promise<Authority> {
  const present = await loadIfPresent(dir);
  if (present) return present;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const keys = await generateKeys();
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: ["mainstay-ca"] }],
    notBefore: new Date(now - hourMs),
    notAfter: new Date(now + 3650 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // The certificate last: only with both files is there an authority.
  await writePrivately(dir, "ca.key", await exportKey(keys.privateKey));
  await writePrivately(dir, "ca.crt", certificate.toString("pem"));
  return loadAuthority(dir);
}

/** The authority kept in `dir`; rejects if there is none. */
export async function loadAuthority(dir: string): Promise<Authority> {
  const caPem = await readFile(join(dir, "ca.crt"), "utf8");
  const der = x509.PemConverter.decodeFirst(await readFile(join(dir, "ca.key"), "utf8"));
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const ca = new x509.X509Certificate(caPem);
  return { caPem, issue: (request) => issue(ca, key, request) };
}

async function loadIfPresent(dir: string): Promise<Authority | undefined> {
  try {
    return await loadAuthority(dir);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function issue(
  ca: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  request: CertificateRequest,
): Promise<IssuedCertificate> {
  refuseUnsafeNames(request);
  const keys = await generateKeys();
  const now = Date.now();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const usages = { server: [serverAuth], client: [clientAuth], peer: [serverAuth, clientAuth] };
  const names = [
    ...request.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...request.ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [request.commonName] }],
    issuer: ca.subjectName,
    notBefore: new Date(now - hourMs),
    notAfter: new Date(now + request.days * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages[request.usage]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  const certificatePem = certificate.toString("pem");
  const { subject } = new X509Certificate(certificatePem);
  if (subject !== `CN=${request.commonName}`)
    throw new CertificateError({ code: "subject-differs", subject });
  return { certificatePem, keyPem: await exportKey(keys.privateKey) };
}

/** The library parses quotes in names, so that a crafted one would become another subject. */
function refuseUnsafeNames({ commonName, dnsNames, ipAddresses }: CertificateRequest): void {
  if (!/^[a-z0-9_][a-z0-9_.-]{0,62}$/.test(commonName)) {
    throw new CertificateError({ code: "common-name-refused", commonName });
  }
  const unsafe =
    dnsNames.find((name) => !/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) ??
    ipAddresses.find((address) => !/^[0-9a-f.:]{2,45}$/.test(address));
  if (unsafe !== undefined) throw new CertificateError({ code: "name-refused", value: unsafe });
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function writePrivately(dir: string, name: string, content: string): Promise<void> {
  const temporary = join(dir, `.${name}.${randomBytes(6).toString("hex")}`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(dir, name));
}
