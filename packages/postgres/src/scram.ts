import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** As PostgreSQL's own. */
const iterations = 4096;

/**
 * PostgreSQL's SCRAM-SHA-256 verifier of a password (RFC 5802): what the server stores instead of it. Of
 * SASLprep (RFC 4013) only the NFKC step is done: the API refuses passwords with characters that it maps.
 */
export async function scramVerifier(password: string): Promise<string> {
  const salt = randomBytes(16);
  const salted = await promisify(pbkdf2)(password.normalize("NFKC"), salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const serverKey = createHmac("sha256", salted).update("Server Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest();
  const keys = `${storedKey.toString("base64")}:${serverKey.toString("base64")}`;
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${keys}`;
}
