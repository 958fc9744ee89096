/** A client of an instance's endpoint that never gives up, and remembers what was acknowledged. */
import { pause } from "@mainstay/runtime/pause.ts";
import type { Session } from "./session.ts";

export interface EndpointWriter extends AsyncDisposable {
  /** Of table `written`. */
  readonly acknowledged: readonly number[];
  stop(): Promise<void>;
  /** Which of those acknowledged so far a read does not find. */
  lost(): Promise<number[]>;
}

/** Writes a row every 20 ms, connecting again whenever it must. */
export async function startWriter(connect: () => Promise<Session>): Promise<EndpointWriter> {
  const acknowledged: number[] = [];
  const ended = new AbortController();
  await using first = await connect();
  await first.query("create table written (id int primary key)");
  let id = 0;
  const writing = (async () => {
    while (!ended.signal.aborted) {
      try {
        await using client = await connect();
        while (!ended.signal.aborted) {
          await client.query("insert into written values ($1)", [++id]);
          acknowledged.push(id);
          await pause(20);
        }
      } catch {
        await pause(20);
      }
    }
  })();
  const stop = () => {
    ended.abort();
    return writing;
  };
  const lost = async () => {
    const before = [...acknowledged];
    await using client = await connect();
    const { rows } = await client.query<{ id: number }>("select id from written");
    const found = new Set(rows.map((row) => row.id));
    return before.filter((one) => !found.has(one));
  };
  return { acknowledged, stop, lost, [Symbol.asyncDispose]: stop };
}
