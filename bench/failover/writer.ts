/** The client: one unique row every 20 ms, each a commit of its own; after an error a new connection every 50 ms. */
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { openSession, type Session } from "@mainstay/test/kit/session.ts";
import type pg from "pg";
import type { ClientOptions } from "./subject.ts";

const everyMs = 20;
const reconnectMs = 50;
/** Nobody answers for so long: whatever happens, the benchmark goes on. */
const answerLimitMs = 60_000;
const writesLimitMs = 120_000;

export interface Writer extends AsyncDisposable {
  /** When each acknowledgement came, on the monotonic clock, oldest first. */
  readonly acknowledgedAtMs: readonly number[];
  readonly errors: number;
  readonly lastError: string;
  /** The acknowledged ids that the database lacks; those before the last call are not looked at again. */
  lostRows(): Promise<number>;
}

export async function startWriter(options: ClientOptions): Promise<Writer> {
  await prepare(options);
  const acknowledgedAtMs: number[] = [];
  let unchecked: number[] = [];
  let nextId = 1;
  let errors = 0;
  let lastError = "";
  let isOver = false;

  async function write(client: pg.Client): Promise<void> {
    const startedMs = performance.now();
    const id = nextId++;
    await client.query("insert into beats values ($1)", [id]);
    acknowledgedAtMs.push(performance.now());
    unchecked.push(id);
    await pause(Math.max(0, everyMs - (performance.now() - startedMs)));
  }

  const writing = (async () => {
    while (!isOver) {
      try {
        await using client = await connect(options);
        while (!isOver) await write(client);
      } catch (error) {
        errors += 1;
        lastError = String(error);
        await pause(reconnectMs);
      }
    }
  })();

  return {
    acknowledgedAtMs,
    get errors() {
      return errors;
    },
    get lastError() {
      return lastError;
    },
    async lostRows() {
      const wanted = unchecked;
      unchecked = [];
      await using client = await connect(options);
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from unnest($1::bigint[]) as wanted (id) left join beats using (id) where beats.id is null",
        [wanted],
      );
      return rows[0]?.n ?? Number.NaN;
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await writing;
    },
  };
}

/** Resolves when `count` more are acknowledged. */
export async function untilWrites(writer: Writer, count: number): Promise<void> {
  const { length } = writer.acknowledgedAtMs;
  const look = () => writer.acknowledgedAtMs.length >= length + count;
  const what = `${count} writes (last error: ${writer.lastError})`;
  await waitFor(look, { what, timeoutMs: writesLimitMs });
}

/** Between two acknowledgements, of which the later came after `sinceMs`. */
export function longestGap({ acknowledgedAtMs }: Writer, sinceMs: number): { ms: number; endMs: number } {
  let longest = { ms: 0, endMs: sinceMs };
  for (let index = acknowledgedAtMs.length - 1; index > 0; index--) {
    const [startMs = 0, endMs = 0] = [acknowledgedAtMs[index - 1], acknowledgedAtMs[index]];
    if (endMs < sinceMs) break;
    if (endMs - startMs > longest.ms) longest = { ms: endMs - startMs, endMs };
  }
  return longest;
}

async function prepare(options: ClientOptions): Promise<void> {
  await using client = await connect(options);
  await client.query("create table beats (id bigint primary key)");
}

function connect(options: ClientOptions): Promise<Session> {
  return openSession({ ...options, connectionTimeoutMillis: 1_000, query_timeout: answerLimitMs });
}

/** Whether clients are led to a server that takes writes. */
export async function reachesPrimary(options: ClientOptions): Promise<boolean> {
  try {
    await using client = await connect(options);
    const { rows } = await client.query<{ standby: boolean }>("select pg_is_in_recovery() as standby");
    return rows[0]?.standby === false;
  } catch {
    return false;
  }
}
