/** Real HAProxies before TCP servers that say who they are; the store is in memory. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { act } from "@mainstay/balancer/act.ts";
import { runBalancer, stopAll } from "@mainstay/balancer/balancer-loop.ts";
import { runningPid } from "@mainstay/balancer/haproxy/process.ts";
import { placeOf, removePlace } from "@mainstay/balancer/places.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { eventKeys, instanceKeys } from "@mainstay/dcs/keys.ts";
import { createMemoryStore } from "@mainstay/dcs/memory-store.ts";
import { parseEvent } from "@mainstay/dcs/records.ts";
import type { LockRecord } from "@mainstay/domain/cluster.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { killTree, processesUnder } from "@mainstay/runtime/process-tree.ts";
import { freePort } from "../kit/etcd.ts";
import { unprivilegedUser } from "../kit/user.ts";

const id = "0a1b2c3d-0000-4000-8000-000000000001";
/** The instance whose HAProxy is made to stand still. */
const frozenId = "0f1b2c3d-0000-4000-8000-000000000003";
const options = { timeoutMs: 1_000, signal: new AbortController().signal };
const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-balancer-")));
await chmod(dir, 0o755);
const port = await freePort("127.0.0.1");
const frozenPort = await freePort("127.0.0.1");
const config = {
  dir: join(dir, "routes"),
  runtimeDir: join(dir, "run"),
  store: { endpoints: ["-"], serverName: "-", ca: "-", certificate: "-", key: "-" },
  user: await unprivilegedUser(),
};
const store = createMemoryStore();
const servers = [await serve("127.0.0.11", "one"), await serve("127.0.0.12", "two")];
let balancer = startBalancer();

after(async () => {
  await balancer.stop();
  await stopAll(config);
  await killTree(dir);
  for (const { server } of servers) server.close();
  await rm(dir, { recursive: true, force: true });
});

test("nobody is let in before somebody serves; then clients reach the leader", async () => {
  await putSpec();
  await putEndpoint(1, ["0.0.0.0/0"]);
  await putLock({ term: 1, holder: "pg-0a1b2c3d-1", phase: "claimed" });
  await waitFor(async () => (await processesUnder(config.dir)).length > 0, {
    what: "HAProxy",
    timeoutMs: 10_000,
  });
  assert.equal(await whoAnswers(), undefined);
  await putLock({ term: 1, holder: "pg-0a1b2c3d-1", phase: "serving" });
  await untilAnswers("one");
});

test("F19: a new term cuts the sessions of the old one and leads elsewhere", async () => {
  const session = await openSession();
  await putLock({ term: 2, holder: "pg-0a1b2c3d-2", phase: "claimed" });
  await session.ended;
  await putLock({ term: 2, holder: "pg-0a1b2c3d-2", phase: "serving" });
  await untilAnswers("two");
});

test("what the balancer did is told, with the sessions that it cut", async () => {
  const told = async () => {
    const events = (await routeEvents(id)).filter(({ term }) => term === 2);
    return events.length >= 2 ? events : undefined;
  };
  const events = await waitFor(told, { what: "events of term 2", timeoutMs: 5_000 });
  const lines = events.map(({ source, action, inputs }) => [
    source,
    action,
    inputs.sessionsCut,
    inputs.target,
  ]);
  const target = `${servers[1]?.address}:${servers[1]?.port}`;
  assert.deepEqual(lines, [
    ["balancer", "close", 1, null],
    ["balancer", "route", 0, target],
  ]);
});

test("an older term is not obeyed", async () => {
  await putLock({ term: 1, holder: "pg-0a1b2c3d-1", phase: "serving" });
  await waitFor(async () => (await whoAnswers()) === undefined, {
    what: "the closed door",
    timeoutMs: 5_000,
  });
  await putLock({ term: 2, holder: "pg-0a1b2c3d-2", phase: "serving" });
  await untilAnswers("two");
});

test("a session outlives the balancer, and its successor adopts the HAProxy", async () => {
  const session = await openSession();
  const before = await processesUnder(config.dir);
  await balancer.stop();
  assert.equal(await session.ask(), "two");
  balancer = startBalancer();
  await putEndpoint(2, ["127.0.0.0/8"]);
  await untilAnswers("two");
  assert.deepEqual(await processesUnder(config.dir), before);
  assert.equal(await session.ask(), "two");
  session.socket.destroy();
});

test("a range that is taken away is refused and its sessions are cut", async () => {
  const session = await openSession();
  await putEndpoint(3, ["10.0.0.0/8"]);
  await session.ended;
  assert.equal(await whoAnswers(), undefined);
  await putEndpoint(4, []);
  assert.equal(await whoAnswers(), undefined);
  await putEndpoint(5, ["127.0.0.1/32"]);
  await untilAnswers("two");
});

test("a HAProxy that dies is started again, and routes as before", async () => {
  const [pid] = await processesUnder(config.dir);
  process.kill(pid ?? 0, "SIGKILL");
  await untilAnswers("two");
});

test("a HAProxy that stands still holds up no other instance", async () => {
  await putSpec(frozenId);
  await putEndpoint(1, ["0.0.0.0/0"], { instanceId: frozenId, port: frozenPort });
  await putLock({ term: 1, holder: "pg-0a1b2c3d-1", phase: "serving" }, frozenId);
  await untilAnswers("one", frozenPort);
  const pid = await frozenPid();
  assert.ok(pid);
  process.kill(pid, "SIGSTOP");
  // So that it is looked at now. A loop that waited for the answer would carry out one change below a look.
  await putLock({ term: 2, holder: "pg-0a1b2c3d-2", phase: "serving" }, frozenId);
  for (const term of [3, 4, 5, 6]) {
    const isFirst = term % 2 === 1;
    await putLock({ term, holder: `pg-0a1b2c3d-${isFirst ? 1 : 2}`, phase: "serving" });
    await untilAnswers(isFirst ? "one" : "two");
  }
  assert.equal(await frozenPid(), pid, "the other was rerouted before the frozen one was replaced");
});

test("a HAProxy that stands still is replaced, says why, and routes what is wanted by then", async () => {
  const told = async () => {
    const events = (await routeEvents(frozenId)).filter(({ term }) => term === 2);
    return events.length >= 2 ? events : undefined;
  };
  const events = await waitFor(told, { what: "events of the replacement", timeoutMs: 15_000 });
  assert.deepEqual(
    events.map(({ action, reason, failure }) => [action, reason, failure]),
    [
      ["start", "HAProxy runs and gave no answer twice in a row: it is replaced", undefined],
      ["route", "term 2 is served by 127.0.0.12", undefined],
    ],
  );
  await untilAnswers("two", frozenPort);
});

test("a store that is away changes nothing", async () => {
  const session = await openSession();
  store.setAway(true);
  assert.equal(await session.ask(), "two");
  assert.equal(await whoAnswers(), "two");
  store.setAway(false);
  session.socket.destroy();
});

test("a second HAProxy on the port of a first one is refused, and says why", async () => {
  const instanceId = "0a1b2c3d-0000-4000-8000-000000000002";
  // Where the balancer does not look: it would tidy away what belongs to no instance of the store.
  const apart = { ...config, dir: `${config.dir}-apart` };
  const place = placeOf(apart, instanceId);
  const wanted = {
    instanceId,
    term: 0,
    generation: 1,
    address: "127.0.0.1",
    port,
    allowedRanges: [],
    target: undefined,
  };
  const start = { action: "start", reason: "nothing runs there" } as const;
  const started = act(start, wanted, undefined, place, apart, options.signal);
  await assert.rejects(started, /not-started: .*cannot bind socket/s);
  assert.equal(await whoAnswers(), "two");
  await removePlace(place);
});

test("an instance that is gone leaves nothing", async () => {
  for (const each of [id, frozenId]) {
    await store.transact([], [{ deletePrefix: instanceKeys(each).prefix }], options);
  }
  await waitFor(async () => (await processesUnder(config.dir)).length === 0, {
    what: "the end of HAProxy",
    timeoutMs: 10_000,
  });
});

function startBalancer() {
  const controller = new AbortController();
  const running = runBalancer(config, store, createLog("balancer"), controller.signal);
  return {
    async stop() {
      controller.abort();
      await running;
    },
  };
}

async function put(key: string, value: string): Promise<void> {
  await store.transact([], [{ put: key, value }], options);
}

async function putSpec(instanceId = id): Promise<void> {
  const members = servers.map(({ address, port: at }, index) => ({
    id: `pg-0a1b2c3d-${index + 1}`,
    address,
    port: at,
  }));
  const spec = { generation: 1, instanceId, members, bootstrapNode: "pg-0a1b2c3d-1" };
  const record = { ...spec, durability: "available", timing: timingPresets.fast } as const;
  await put(instanceKeys(instanceId).spec, formatRecord(record));
}

async function putEndpoint(
  generation: number,
  allowedRanges: readonly string[],
  of = { instanceId: id, port },
): Promise<void> {
  const endpoint = { generation, endpointId: "e", address: "127.0.0.1", allowedRanges, ...of };
  await put(instanceKeys(of.instanceId).endpoint, formatRecord(endpoint));
}

async function putLock(lock: Pick<LockRecord, "term" | "holder" | "phase">, instanceId = id): Promise<void> {
  const record = { ...lock, bootId: "b", timing: timingPresets.fast, seq: 0 };
  await put(instanceKeys(instanceId).lock, formatRecord(record));
}

async function routeEvents(instanceId: string) {
  const values = await store.list(eventKeys(instanceId).prefix, options);
  return values.map(({ value }) => parseEvent(value));
}

function frozenPid(): Promise<number | undefined> {
  return runningPid(placeOf(config, frozenId));
}

/** Answers every line with its name. */
async function serve(
  address: string,
  name: string,
): Promise<{ server: Server; address: string; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(name));
  });
  const at = await freePort(address);
  await new Promise<void>((resolve) => server.listen(at, address, resolve));
  return { server, address, port: at };
}

async function openSession() {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const ask = () =>
    new Promise<string | undefined>((resolve) => {
      socket.once("data", (data) => resolve(data.toString()));
      socket.once("close", () => resolve(undefined));
      socket.write("who?\n");
    });
  assert.ok(await ask());
  return { socket, ended, ask };
}

function whoAnswers(at = port): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(at, "127.0.0.1", () => socket.write("who?\n"));
    socket.once("data", (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.once("close", () => resolve(undefined));
  });
}

async function untilAnswers(name: string, at = port): Promise<void> {
  await waitFor(async () => (await whoAnswers(at)) === name, {
    what: `answer from ${name}`,
    timeoutMs: 10_000,
  });
}
