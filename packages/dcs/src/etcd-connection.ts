/** Connections to etcd's members: one HTTP/2 session per endpoint and purpose, so that ending one ends no other. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { KV, type RangeRequest, RangeRequestSchema } from "./generated/etcd_pb.ts";
import { StoreError } from "./store.ts";

export interface EtcdSettings {
  /** `https://address:port` of each member. */
  readonly endpoints: readonly string[];
  /** A DNS name that every member's certificate carries. */
  readonly serverName: string;
  /** PEM texts. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Connection {
  readonly endpoint: string;
  readonly transport: Transport;
  /** Ends every call and stream on it; the next call connects anew. */
  abort(): void;
}

export function connect(endpoint: string, settings: EtcdSettings): Connection {
  const { serverName, ca, certificate, key } = settings;
  // No HTTP/2 pings: their timer throws out of an aborted session. Deadlines and progress requests do their work.
  const sessions = new Http2SessionManager(
    endpoint,
    {},
    { servername: serverName, ca, cert: certificate, key },
  );
  return {
    endpoint,
    transport: createGrpcTransport({ baseUrl: endpoint, sessionManager: sessions }),
    abort: () => sessions.abort(),
  };
}

export function kvClient({ transport }: Connection) {
  return createClient(KV, transport);
}

const encoder = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** The first key after every key that begins with `prefix`, which ends in "/" (the next byte is "0"). */
export function endOf(prefix: string): Uint8Array {
  if (!prefix.endsWith("/")) throw new RangeError(`a prefix ends in "/": ${JSON.stringify(prefix)}`);
  return bytesOf(`${prefix.slice(0, -1)}0`);
}

export function below(prefix: string): RangeRequest {
  return create(RangeRequestSchema, { key: bytesOf(prefix), rangeEnd: endOf(prefix) });
}

/** A dead connection shows as canceled or unavailable; what etcd itself refuses is said as such. */
export function toStoreError(error: unknown): StoreError {
  const { code } = ConnectError.from(error);
  if (code === Code.DeadlineExceeded) return new StoreError({ code: "timeout" }, { cause: error });
  const isRefused =
    code === Code.PermissionDenied || code === Code.Unauthenticated || code === Code.InvalidArgument;
  return new StoreError({ code: isRefused ? "refused" : "unavailable" }, { cause: error });
}
