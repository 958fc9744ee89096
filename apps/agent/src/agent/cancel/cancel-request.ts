/** PostgreSQL's CancelRequest: length 16, a code, the session's process and its secret. */
import { connect, type Socket } from "node:net";

const length = 16;
const code = 80_877_102;

export interface CancelRequest {
  readonly bytes: Buffer;
  readonly pid: number;
}

/** Undefined when the client sends anything else, or ends before. */
export function readCancelRequest(socket: Socket): Promise<CancelRequest | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= length) resolve(parse(bytes));
    });
    socket.once("close", () => resolve(undefined));
  });
}

function parse(bytes: Buffer): CancelRequest | undefined {
  const isCancel =
    bytes.length === length && bytes.readInt32BE(0) === length && bytes.readInt32BE(4) === code;
  return isCancel ? { bytes, pid: bytes.readInt32BE(8) } : undefined;
}

export interface CancelLine extends Disposable {
  /** Resolves when PostgreSQL has dealt with it: only that checks the secret. */
  send(request: CancelRequest): Promise<void>;
}

/** A connection that has said nothing yet, with a process of PostgreSQL at its end: what it is sent acts at once. */
export function openCancelLine(path: string, signal: AbortSignal): CancelLine {
  const socket = connect({ path, signal });
  socket.on("error", () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return {
    send({ bytes }) {
      socket.write(bytes);
      return closed;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
