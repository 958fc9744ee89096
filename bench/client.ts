/** What a client sees: the gap in its writes, and throughput through the endpoint against direct. */
import { pause } from "@mainstay/runtime/pause.ts";
import { password } from "@mainstay/test/kit/node.ts";
import { openSession } from "@mainstay/test/kit/session.ts";
import { asTenant } from "@mainstay/test/kit/tenant.ts";

export interface Instance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** Writes every 20 ms while `fault` happens; the longest time between two acknowledgements, in milliseconds. */
export async function writeGapMs(instance: Instance, fault: () => Promise<unknown>): Promise<number> {
  let acknowledgedMs = performance.now();
  let longestMs = 0;
  let afterFault = 0;
  let isHit = false;
  const writing = (async () => {
    while (afterFault < 50) {
      try {
        await write(instance, () => {
          const nowMs = performance.now();
          longestMs = Math.max(longestMs, nowMs - acknowledgedMs);
          acknowledgedMs = nowMs;
          if (isHit) afterFault += 1;
          return afterFault < 50;
        });
      } catch {
        await pause(20);
      }
    }
  })();
  await pause(1_000);
  longestMs = 0;
  await fault();
  isHit = true;
  await writing;
  return longestMs;
}

async function write(instance: Instance, onAcknowledged: () => boolean): Promise<void> {
  const { host, port } = instance;
  const options = { host, port, user: "owner", password, database: "rdb", connectionTimeoutMillis: 1_000 };
  await using client = await openSession(options);
  await client.query("create table if not exists beats (at timestamptz)");
  do {
    await pause(20);
    await client.query("insert into beats values (now())");
  } while (onAcknowledged());
}

export async function compareThroughput({ host, port }: Instance, address: string) {
  await pgbench(["-i", "-s", "10", "-q"], host, port);
  const results = [];
  for (const [name, args] of [
    ["pgbench -S, 8 clients", ["-S", "-c", "8", "-T", "10"]],
    ["pgbench TPC-B, 8 clients", ["-c", "8", "-T", "10"]],
  ] as const) {
    const direct = await pgbench(args, address, 5432);
    const endpoint = await pgbench(args, host, port);
    results.push({ name, direct, endpoint, ratio: endpoint / direct });
  }
  return results;
}

async function pgbench(args: readonly string[], host: string, port: number): Promise<number> {
  const options = { sslMode: "disable", timeoutMs: 120_000 } as const;
  const stdout = await asTenant({ host, port }, "pgbench", args, options);
  return Math.round(Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0));
}
