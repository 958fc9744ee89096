/** What every implementation of the compute port promises, as tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { type Compute, ComputeError, type HostPower, type Node } from "./compute.ts";

const { signal } = new AbortController();
const instanceId = "0a1b2c3d-0000-4000-8000-000000000000";

export type TestCompute = Compute & HostPower & AsyncDisposable;

/** `open` gives a compute of at least two running hosts and no node. */
export function computeContract(name: string, open: () => Promise<TestCompute>): void {
  test(`${name}: hosts are in different zones, and an engine is offered`, async () => {
    await using compute = await open();
    const hosts = await compute.hosts(signal);
    assert.ok(hosts.length >= 2);
    assert.equal(new Set(hosts.map(({ zone }) => zone)).size, hosts.length);
    assert.ok((await compute.engines(signal)).length > 0);
  });

  test(`${name}: a reservation is repeatable and two nodes have two addresses`, async () => {
    await using compute = await open();
    const first = await reserve(compute, "pg-0a1b2c3d-1", "host-1");
    assert.deepEqual(await reserve(compute, "pg-0a1b2c3d-1", "host-1"), first);
    const [second, third] = await Promise.all([
      reserve(compute, "pg-0a1b2c3d-2", "host-2"),
      reserve(compute, "pg-0a1b2c3d-3", "host-1"),
    ]);
    assert.equal(new Set([first.address, second.address, third.address]).size, 3);
    assert.equal(first.state, "stopped");
  });

  test(`${name}: a started node runs, starting it again changes nothing, a deleted one is gone`, async () => {
    await using compute = await open();
    const { id } = await reserve(compute, "pg-0a1b2c3d-1", "host-1");
    await start(compute, id);
    await until(compute, id, "running");
    await start(compute, id);
    assert.deepEqual((await compute.hosts(signal))[0]?.nodeIds, [id]);
    await compute.deleteNode(id, signal);
    await compute.deleteNode(id, signal);
    assert.deepEqual(await compute.nodes(signal), []);
  });

  test(`${name}: a host that is down runs nothing, takes nothing, and comes back with its nodes`, async () => {
    await using compute = await open();
    const { id } = await reserve(compute, "pg-0a1b2c3d-1", "host-1");
    await start(compute, id);
    await until(compute, id, "running");
    await compute.kill("host-1");
    await until(compute, id, "stopped");
    await assert.rejects(reserve(compute, "pg-0a1b2c3d-2", "host-1"), isFault("host-not-running"));
    await assert.rejects(start(compute, id), isFault("host-not-running"));
    await compute.start("host-1");
    await until(compute, id, "running");
  });

  test(`${name}: a node on a host that is down can be deleted`, async () => {
    await using compute = await open();
    const { id } = await reserve(compute, "pg-0a1b2c3d-1", "host-1");
    await start(compute, id);
    await compute.kill("host-1");
    await compute.deleteNode(id, signal);
    assert.deepEqual(await compute.nodes(signal), []);
  });

  test(`${name}: an unknown host and a node that was not reserved are named`, async () => {
    await using compute = await open();
    await assert.rejects(reserve(compute, "pg-0a1b2c3d-1", "host-9"), isFault("host-not-found"));
    await assert.rejects(start(compute, "pg-0a1b2c3d-1"), isFault("node-not-reserved"));
  });
}

function reserve(compute: Compute, id: string, hostId: string): Promise<Node> {
  return compute.reserveNode(id, instanceId, hostId, signal);
}

function start(compute: Compute, id: string): Promise<Node> {
  const spec = { id, instanceId, hostId: "host-1", engineMajor: 15, volumeBytes: 1e6 };
  return compute.startNode({ ...spec, files: { "node.json": "{}", "tls/ca.crt": "-" } }, signal);
}

async function until(compute: Compute, id: string, state: Node["state"]): Promise<void> {
  const isIt = async () =>
    (await compute.nodes(signal)).some((node) => node.id === id && node.state === state);
  await waitFor(isIt, { what: `${id} ${state}`, timeoutMs: 10_000 });
}

function isFault(code: ComputeError["fault"]["code"]) {
  return (error: unknown) => error instanceof ComputeError && error.fault.code === code;
}
