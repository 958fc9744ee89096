/**
 * A watch that notices silence. etcd answers progress requests on the stream, so a stream that carries nothing
 * for a while is dead; then everything is read again and watched from there, on the next endpoint. A member that is
 * cut off from the others answers too, and hears of no change: it is asked to end the stream while it has no leader.
 */
import { createClient } from "@connectrpc/connect";
import { pause } from "@mainstay/runtime/pause.ts";
import {
  below,
  bytesOf,
  type Connection,
  connect,
  type EtcdSettings,
  endOf,
  kvClient,
} from "./etcd-connection.ts";
import { type KeyValue, Watch, type WatchResponse } from "./generated/etcd_pb.ts";
import { type StoredValue, StoreError, type WatchEvent } from "./store.ts";

const progressEveryMs = 500;
const silentAfterMs = 1_500;
const retryAfterMs = 100;

type Listener = (event: WatchEvent) => void;

export async function watchPrefix(
  settings: EtcdSettings,
  prefix: string,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const endpoint = settings.endpoints[attempt % settings.endpoints.length] ?? "";
    const connection = connect(endpoint, settings);
    try {
      await followOnce(connection, prefix, listener, signal);
    } catch {
      // Whatever ended it, the next attempt begins with everything there is.
    } finally {
      connection.abort();
    }
    if (signal.aborted) return;
    listener({ kind: "lost" });
    await pause(retryAfterMs, signal);
  }
}

async function followOnce(
  connection: Connection,
  prefix: string,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const silence = watchdog(silentAfterMs, () => over.abort());
  const ended = AbortSignal.any([signal, over.signal]);
  try {
    const from = await snapshot(connection, prefix, listener, ended);
    const requests = watchRequests(prefix, from + 1n, ended);
    const options = { signal: ended, headers: { hasleader: "true" } };
    for await (const response of createClient(Watch, connection.transport).watch(requests, options)) {
      silence.heard();
      if (response.canceled) throw new StoreError({ code: "refused" });
      report(response, listener);
    }
  } finally {
    over.abort();
    silence.stop();
  }
}

async function snapshot(
  connection: Connection,
  prefix: string,
  listener: Listener,
  signal: AbortSignal,
): Promise<bigint> {
  const { kvs, header } = await kvClient(connection).range(below(prefix), {
    signal,
    timeoutMs: silentAfterMs,
  });
  const revision = header?.revision ?? 0n;
  listener({ kind: "snapshot", values: kvs.map(toStoredValue), revision });
  return revision;
}

async function* watchRequests(prefix: string, startRevision: bigint, signal: AbortSignal) {
  const range = { key: bytesOf(prefix), rangeEnd: endOf(prefix), startRevision };
  yield { requestUnion: { case: "createRequest" as const, value: range } };
  while (!signal.aborted) {
    await pause(progressEveryMs, signal);
    yield { requestUnion: { case: "progressRequest" as const, value: {} } };
  }
}

function report({ events, header }: WatchResponse, listener: Listener): void {
  const revision = header?.revision ?? 0n;
  if (events.length === 0) listener({ kind: "alive" });
  for (const { type, kv } of events) {
    if (!kv) continue;
    if (type === 0) listener({ kind: "put", value: toStoredValue(kv), revision: kv.modRevision });
    else listener({ kind: "delete", key: textOf(kv.key), revision });
  }
}

const decoder = new TextDecoder();

const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

export function toStoredValue({ key, value, modRevision }: KeyValue): StoredValue {
  return { key: textOf(key), value: textOf(value), modRevision };
}

/** Calls `onSilence` once when `heard` was not called for `limitMs`. */
function watchdog(limitMs: number, onSilence: () => void) {
  const timer = setTimeout(onSilence, limitMs);
  return { heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
