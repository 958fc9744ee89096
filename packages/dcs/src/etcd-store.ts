/** The store on etcd 3.4 or later, by its gRPC interface over mutual TLS. */
import { create } from "@bufbuild/protobuf";
import { type Client as ConnectClient, createClient } from "@connectrpc/connect";
import { createCalls } from "./etcd-calls.ts";
import { below, bytesOf, type EtcdSettings, endOf } from "./etcd-connection.ts";
import { toStoredValue, watchPrefix } from "./etcd-watch.ts";
import { KV, type RequestOp, RequestOpSchema, type TxnResponse } from "./generated/etcd_pb.ts";
import type { CallOptions, Condition, Store, TransactionResult, Write } from "./store.ts";

type Client = ConnectClient<typeof KV>;

const equal = 0;
const modRevisionTarget = 2;

export function connectEtcd(settings: EtcdSettings): Store {
  const disposed = new AbortController();
  const calls = createCalls(settings);
  const call = <T>(send: (client: Client, options: CallOptions) => Promise<T>, options: CallOptions) =>
    calls.call((transport, how) => send(createClient(KV, transport), how), options);

  return {
    async get(key, options) {
      const { kvs } = await call((kv, how) => kv.range({ key: bytesOf(key) }, how), options);
      return kvs[0] && toStoredValue(kvs[0]);
    },
    async list(prefix, options) {
      const { kvs } = await call((kv, how) => kv.range(below(prefix), how), options);
      return kvs.map(toStoredValue);
    },
    async transact(conditions, writes, options) {
      const request = {
        compare: conditions.map(toCompare),
        success: writes.map(toRequest),
        failure: conditions.map(({ key }) => rangeOf(key)),
      };
      return toResult(await call((kv, how) => kv.txn(request, how), options));
    },
    watch: (prefix, listener, signal) =>
      watchPrefix(settings, prefix, listener, AbortSignal.any([signal, disposed.signal])),
    async [Symbol.asyncDispose]() {
      disposed.abort();
      calls.end();
    },
  };
}

function toCompare({ key, modRevision = 0n }: Condition) {
  return {
    result: equal,
    target: modRevisionTarget,
    key: bytesOf(key),
    targetUnion: { case: "modRevision" as const, value: modRevision },
  };
}

function toRequest(write: Write): RequestOp {
  if ("put" in write) {
    const value = { key: bytesOf(write.put), value: bytesOf(write.value) };
    return create(RequestOpSchema, { request: { case: "requestPut", value } });
  }
  const value =
    "delete" in write
      ? { key: bytesOf(write.delete) }
      : { key: bytesOf(write.deletePrefix), rangeEnd: endOf(write.deletePrefix) };
  return create(RequestOpSchema, { request: { case: "requestDeleteRange", value } });
}

function rangeOf(key: string): RequestOp {
  return create(RequestOpSchema, { request: { case: "requestRange", value: { key: bytesOf(key) } } });
}

function toResult({ succeeded, header, responses }: TxnResponse): TransactionResult {
  const revision = header?.revision ?? 0n;
  if (succeeded) return { succeeded, revision };
  const current = responses.map(({ response }) => {
    const first = response.case === "responseRange" ? response.value.kvs[0] : undefined;
    return first && toStoredValue(first);
  });
  return { succeeded, revision, current };
}
