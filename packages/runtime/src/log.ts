/** JSON lines on standard output. Messages are constant; what varies goes into the fields. */
import { pino } from "pino";

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** Fields that hold secrets are never written, wherever they are. */
const secretFields = ["password", "secret", "secretKey", "verifier", "token", "key", "keyPem"];

export function createLog(name: string): Log {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`]);
  return pino(
    { name, redact: { paths, censor: "[secret]" }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 1, sync: true }),
  );
}
