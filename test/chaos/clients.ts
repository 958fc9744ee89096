/** The clients of a chaos run: they write, transfer and read through whatever happens, and note what they saw. */
import { pause } from "@mainstay/runtime/pause.ts";
import pg from "pg";
import { openSession, type Session } from "../kit/session.ts";
import type { History, Outcome, Primary, Read, Write } from "./history.ts";

const accounts = 10;
const balance = 1_000;
const everyMs = 20;
/** As an application that was cut off. */
const retryMs = 50;
/** A node that is no primary turns tenants away, which costs it a process each time. */
const directRetryMs = 250;
const readEveryMs = 1_000;
/** A read looks at the rows of about this long, so that long runs stay quick; the last one looks at all. */
const lookBackMs = 10_000;
const limits = { connectionTimeoutMillis: 1_000, query_timeout: 15_000 };

/** A new primary has a new timeline, and tenants can ask for it. */
const primary = `('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int as timeline,
  host(inet_server_addr()) as address`;

export type Connect = () => Promise<Session>;

export function connectTo(config: pg.ClientConfig): Connect {
  return () => openSession({ ...config, ...limits });
}

export interface Clients extends AsyncDisposable {
  readonly history: History;
  acknowledged(): number;
  /** Reads every row there is. */
  readAll(): Promise<void>;
}

/** Two append and two transfer through the endpoint, one reads; one writes straight to each node. */
export async function startClients(endpoint: Connect, nodes: readonly Connect[]): Promise<Clients> {
  await prepare(endpoint);
  const recorder = new Recorder();
  let isOver = false;

  async function keep(connect: Connect, kind: Write["kind"], againMs = retryMs): Promise<void> {
    while (!isOver) {
      try {
        await using client = await connect();
        for (; !isOver; await pause(everyMs)) await recorder.write(kind, client);
      } catch {
        await pause(againMs);
      }
    }
  }

  async function keepReading(): Promise<void> {
    for (; !isOver; await pause(readEveryMs)) {
      await recorder.read(endpoint, recorder.idSince(performance.now() - lookBackMs)).catch(() => {});
    }
  }

  const running = Promise.all([
    ...(["append", "append", "transfer", "transfer"] as const).map((kind) => keep(endpoint, kind)),
    ...nodes.map((node) => keep(node, "append", directRetryMs)),
    keepReading(),
  ]);
  return {
    history: { writes: recorder.writes, reads: recorder.reads, total: accounts * balance },
    acknowledged: () => recorder.writes.filter(({ outcome }) => outcome === "acknowledged").length,
    readAll: () => recorder.read(endpoint, 0),
    async [Symbol.asyncDispose]() {
      isOver = true;
      await running;
    },
  };
}

/** Notes every write with its outcome and every read with what it found. */
class Recorder {
  readonly writes: Write[] = [];
  readonly reads: Read[] = [];
  /** When each id was given away; ids count from 1. */
  readonly #givenAtMs: number[] = [];

  /** The first id that was given away since `sinceMs`. */
  idSince(sinceMs: number): number {
    const before = this.#givenAtMs.findLastIndex((atMs) => atMs < sinceMs);
    return before + 2;
  }

  async write(kind: Write["kind"], client: pg.Client): Promise<void> {
    const id = this.#givenAtMs.push(performance.now());
    const warnings: string[] = [];
    const onNotice = ({ message }: { message?: string | undefined }) => warnings.push(message ?? "");
    client.on("notice", onNotice);
    const note = (outcome: Outcome, by?: Primary) =>
      this.writes.push({ kind, id, outcome, endedMs: performance.now(), by });
    try {
      const by = await (kind === "append" ? append(client, id) : transfer(client, id));
      // A wait for the standby that was cut short ends in success with a warning.
      note(warnings.length > 0 ? "indeterminate" : "acknowledged", by);
    } catch (error) {
      note(outcomeOf(error));
      throw error;
    } finally {
      client.off("notice", onNotice);
    }
  }

  async read(connect: Connect, fromId: number): Promise<void> {
    await using client = await connect();
    const startedMs = performance.now();
    const { rows } = await client.query<{ total: number; found: number[] | null }>(
      `select (select sum(balance)::int from accounts) as total,
         (select array_agg(id) from appended where id >= $1) as found`,
      [fromId],
    );
    this.reads.push({
      startedMs,
      fromId,
      total: rows[0]?.total ?? Number.NaN,
      found: new Set(rows[0]?.found),
    });
  }
}

async function prepare(connect: Connect): Promise<void> {
  await using client = await connect();
  await client.query("create table appended (id int primary key)");
  await client.query("create table accounts (id int primary key, balance int not null)");
  await client.query("insert into accounts select n, $2 from generate_series(1, $1) n", [accounts, balance]);
}

async function append(client: pg.Client, id: number): Promise<Primary | undefined> {
  const { rows } = await client.query<Primary>(`insert into appended values ($1) returning ${primary}`, [id]);
  return rows[0];
}

/** Always from the lower to the higher account or back, but locked in one order. */
async function transfer(client: pg.Client, id: number): Promise<Primary | undefined> {
  const [low, high] = [1 + (id % (accounts - 1)), accounts];
  const amount = id % 2 === 0 ? 1 : -1;
  await client.query("begin");
  await client.query("update accounts set balance = balance - $2 where id = $1", [low, amount]);
  const { rows } = await client.query<Primary>(
    `update accounts set balance = balance + $2 where id = $1 returning ${primary}`,
    [high, amount],
  );
  await client.query("commit");
  return rows[0];
}

/** Only a server that goes on answering says for sure that nothing was committed. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof pg.DatabaseError ? (error.code ?? "") : "";
  const isSure = code !== "" && !code.startsWith("57") && !code.startsWith("08");
  return isSure ? "failed" : "indeterminate";
}
