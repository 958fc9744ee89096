/** Calls to one member of etcd at a time. */
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { pause } from "@mainstay/runtime/pause.ts";
import { type Connection, connect, type EtcdSettings, toStoreError } from "./etcd-connection.ts";
import type { CallOptions } from "./store.ts";

export type Send<T> = (transport: Transport, options: CallOptions) => Promise<T>;

export interface EtcdCalls {
  /** Throws StoreError. */
  call<T>(send: Send<T>, options: CallOptions): Promise<T>;
  end(): void;
}

/** Connects at the first call. A call that fails moves the next one to another endpoint; nothing is retried. */
export function createCalls(settings: EtcdSettings): EtcdCalls {
  let turn = 0;
  let connection = connectTo(0);

  function connectTo(index: number): Connection {
    return connect(settings.endpoints[index % settings.endpoints.length] ?? "", settings);
  }

  return {
    async call(send, { timeoutMs, signal }) {
      const used = connection;
      try {
        return await sendWhileRefreshed(send, used, { timeoutMs: Math.ceil(timeoutMs), signal });
      } catch (error) {
        // A silent connection would keep every later call waiting too.
        if (used === connection && !signal.aborted) {
          used.abort();
          connection = connectTo(++turn);
        }
        throw toStoreError(error);
      }
    },
    end: () => connection.abort(),
  };
}

const refreshMs = 5;

/**
 * But for this: a call that was on its way while anybody's rights changed is refused without effect, whoever sends
 * it, and is sent again within its time.
 */
async function sendWhileRefreshed<T>(
  send: Send<T>,
  { transport }: Connection,
  options: CallOptions,
): Promise<T> {
  const { timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.ceil(deadline - performance.now());
    try {
      return await send(transport, { timeoutMs: Math.max(1, leftMs), signal });
    } catch (error) {
      if (!isOverRights(error) || leftMs <= refreshMs || signal.aborted) throw error;
    }
    await pause(refreshMs, signal);
  }
}

/** etcd has no code of its own for it; 3.3 has no code for it at all. */
function isOverRights(error: unknown): boolean {
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.Unknown) return rawMessage.includes("auth: revision in header is old");
  return code === Code.InvalidArgument && rawMessage.includes("revision of auth store is old");
}
