/** What must not change the leader (S-rules aside: the term is the same afterwards, and writes go on). */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { get } from "node:https";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import { run } from "@mainstay/runtime/run.ts";
import type { TestEtcdMember } from "../kit/etcd.ts";
import type { TestNode } from "../kit/node.ts";
import { asSuperuser } from "../kit/superuser.ts";
import { asTenant } from "../kit/tenant.ts";
import { unprivilegedUser } from "../kit/user.ts";
import { stallEventLoop } from "./event-loop.ts";
import { freezeProcesses, killProcess } from "./faults.ts";
import { startPair } from "./pair.ts";

const pair = await startPair({ etcd: { members: 3 } });
after(() => pair[Symbol.asyncDispose]());
before(() => pair.healthy());
const { instance, balancer } = pair;

async function keepsItsLeader(disturb: () => Promise<void>): Promise<void> {
  const term = await pair.term();
  await disturb();
  // Longer than any lock outlives its last renewal.
  await pair.healthy();
  assert.equal(await pair.term(), term);
}

test("F9: an agent that dies and is replaced costs no leadership", () =>
  keepsItsLeader(async () => {
    const { primary } = await pair.target();
    const agent = await primary.pid("agent");
    await killProcess(primary, "agent");
    await waitFor(async () => (await primary.pid("agent").catch(() => agent)) !== agent, {
      what: "another agent",
      timeoutMs: 10_000,
    });
  }));

// What its keeper's thread renewed meanwhile must be known to the first thing that it does.
test("F10: an agent whose event loop stands still for 1.2 s costs no leadership", () =>
  keepsItsLeader(async () => {
    const { primary } = await pair.target();
    await stallEventLoop(await primary.pid("agent"), 1_200, 4);
  }));

// All of its process, the keeper too, just before a renewal perhaps.
test("F10: an agent that stands still for a second costs no leadership", () =>
  keepsItsLeader(async () => {
    await using thaw = await freezeProcesses((await pair.target()).primary, ["agent"]);
    await pause(1_000);
    await thaw();
  }));

test("F20: a new leader of etcd costs no leadership", () =>
  keepsItsLeader(async () => {
    const leader = await storeLeader();
    await leader.kill();
    await waitFor(() => storeLeader().catch(() => undefined), { what: "another leader", timeoutMs: 20_000 });
    leader.start();
  }));

test("F20: an etcd member that is restarted at once costs no leadership", () =>
  keepsItsLeader(async () => {
    const [member] = instance.etcd.members;
    await member?.kill();
    member?.start();
  }));

test("busy processors cost no leadership while pgbench runs", () =>
  keepsItsLeader(async () => {
    const burners = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
    );
    try {
      await pgbench("-i", "-s", "2", "-q");
      await pgbench("-c", "4", "-T", "8");
    } finally {
      for (const burner of burners) burner.kill("SIGKILL");
    }
  }));

for (const program of ["supervisor", "agent"] as const) {
  test(`F12: a second ${program} of a node ends by itself and disturbs nothing`, () =>
    keepsItsLeader(async () => {
      const { primary } = await pair.target();
      const pidsOf = () =>
        Promise.all(
          (["supervisor", "agent", "fencer", "postmaster"] as const).map((name) => primary.pid(name)),
        );
      const before = await pidsOf();
      const file = join(import.meta.dirname, `../../apps/agent/src/${program}/main.ts`);
      const options = { ...(await unprivilegedUser()), cwd: "/", okCodes: [0, 1], timeoutMs: 20_000 };
      await run(process.execPath, [file, primary.dir], options);
      assert.deepEqual(await pidsOf(), before);
    }));
}

test("F6: a primary without a free connection, reserved ones included, keeps leading, with a new agent too", async () => {
  // A hundred sessions slow the new agent's start down; what is tried here is what it sees then. The last of these
  // tests, because timing stays as it is.
  await instance.specify({ timing: timingPresets.safe });
  const before = await pair.term();
  await instance.ask({ kind: "switchover", target: (await pair.target()).standby.id, acceptLoss: false });
  await waitFor(async () => (await pair.term()) > before, {
    what: "the switchover",
    timeoutMs: 20_000,
  });
  await pair.healthy();
  await keepsItsLeader(async () => {
    const { primary } = await pair.target();
    await using _taken = await takeConnections(primary);
    await killProcess(primary, "agent");
    const look = async () => {
      const agent = await primary.pid("agent").catch(() => undefined);
      const status = await instance.status(primary.id);
      return agent !== undefined && status?.pids.agent === agent && status.role === "primary";
    };
    await waitFor(look, { what: "the new agent's word that it is primary", timeoutMs: 20_000 });
    // This lock outlives the old agent for longer than a pair is watched.
    const seq = (await instance.lock())?.seq ?? Number.NaN;
    const renews = async () => ((await instance.lock())?.seq ?? 0) > seq + 2;
    await waitFor(renews, { what: "the new agent's renewals", timeoutMs: 20_000 });
  });
});

/** Until disposed of: every connection of the tenants, then those that are kept for superusers. */
async function takeConnections(node: TestNode): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const isFull = (error: unknown) => error instanceof Error && /too many|reserved/.test(error.message);
  for (;;) {
    const session = await node.client().catch((error: unknown) => {
      if (!isFull(error)) throw error;
    });
    if (!session) break;
    parts.use(session);
  }
  const ended = new AbortController();
  const sleep = () => asSuperuser(node, "select pg_sleep(60)", ended.signal).catch(() => {});
  const sleeping = Array.from({ length: 6 }, sleep);
  parts.defer(async () => {
    ended.abort();
    await Promise.all(sleeping);
  });
  const look = () => asSuperuser(node, "select 1").then(() => undefined, isFull);
  await waitFor(look, { what: "a full server", timeoutMs: 20_000 });
  return parts.move();
}

/** By its metrics. */
async function storeLeader(): Promise<TestEtcdMember> {
  for (const member of instance.etcd.members) {
    if (/^etcd_server_is_leader 1$/m.test(await metrics(member).catch(() => ""))) return member;
  }
  throw new Error("no member of etcd leads");
}

function metrics({
  settings: { endpoints, ca, certificate, key, serverName },
}: TestEtcdMember): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { ca, cert: certificate, key, servername: serverName, timeout: 1_000 };
    const request = get(`${endpoints[0]}/metrics`, options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", reject);
  });
}

async function pgbench(...args: string[]): Promise<void> {
  await asTenant({ host: balancer.address, port: balancer.port }, "pgbench", args, { timeoutMs: 120_000 });
}
