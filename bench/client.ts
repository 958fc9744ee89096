/** What a client sees: the gap in its writes, and throughput through the endpoint against direct. */
import { password } from "@mainstay/test/kit/node.ts";
import { asTenant } from "@mainstay/test/kit/tenant.ts";
import { longestGap, startWriter, untilWrites, type Writer } from "./failover/writer.ts";

export interface Instance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export function writeTo({ host, port }: Instance): Promise<Writer> {
  return startWriter({ host, port, user: "owner", password, database: "rdb" });
}

/** The longest time between two acknowledgements that ends after `fault` began, in milliseconds. */
export async function writeGapMs(writer: Writer, fault: () => Promise<unknown>): Promise<number> {
  await untilWrites(writer, 50);
  const struckMs = performance.now();
  await fault();
  await untilWrites(writer, 50);
  return longestGap(writer, struckMs).ms;
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
