/** JSON lines on standard output. Messages are constant; what varies goes into the fields. */
import { pino } from "pino";

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** Fields that hold secrets are never written, however deep they are. */
const secretFields = new Set(["password", "secret", "secretKey", "verifier", "token", "keyPem"]);
const deepest = 8;

export function createLog(name: string): Log {
  // A disk that is full must not end what logs to it, nor fill its memory.
  const output = pino.destination({ fd: 1, sync: true, maxLength: 1024 * 1024 });
  output.on("error", () => {});
  const formatters = { log: (fields: object) => withoutSecrets(fields, 0) as Record<string, unknown> };
  return pino({ name, formatters, timestamp: pino.stdTimeFunctions.isoTime }, output);
}

/** A copy in which every secret field reads `[secret]`. Errors keep their own form. */
export function withoutSecrets(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== "object" || value instanceof Error || value instanceof Date)
    return value;
  if (depth >= deepest) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([field, content]) => [
      field,
      secretFields.has(field) ? "[secret]" : withoutSecrets(content, depth + 1),
    ]),
  );
}
