import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { createAuthority } from "@mainstay/certificates/authority.ts";
import { balancerUser, controlPlaneUser, nodeUser } from "@mainstay/dcs/access.ts";
import { accessContract } from "@mainstay/dcs/access-contract.ts";
import { connectEtcdAccess } from "@mainstay/dcs/etcd-access.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { eventKeys, eventsPrefix, instanceKeys, instancesPrefix } from "@mainstay/dcs/keys.ts";
import { type Store, StoreError, type WatchEvent } from "@mainstay/dcs/store.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import { startEtcd, type TestEtcd } from "../kit/etcd.ts";

const { signal } = new AbortController();
const options = { timeoutMs: 5_000, signal };

/** How that user reaches the store: by a certificate with its name. */
async function settingsOf(etcd: TestEtcd, commonName: string) {
  const authority = await createAuthority(join(etcd.dir, "ca"));
  const request = { commonName, dnsNames: [], ipAddresses: [], usage: "client" as const, days: 1 };
  const { certificatePem: certificate, keyPem: key } = await authority.issue(request);
  return { ...etcd.settings, certificate, key };
}

async function mayReach(etcd: TestEtcd, user: string, key: string): Promise<boolean> {
  await using store = connectEtcd(await settingsOf(etcd, user));
  return await isAllowed(
    store.transact([{ key, modRevision: undefined }], [{ put: key, value: "" }], options),
  );
}

async function isAllowed(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.fault.code === "refused") return false;
    throw error;
  }
}

accessContract("etcd", async () => {
  const etcd = await startEtcd();
  const access = connectEtcdAccess(await settingsOf(etcd, controlPlaneUser));
  return {
    access,
    mayReach: (user, key) => mayReach(etcd, user, key),
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
    },
  };
});

const etcd = await startEtcd({ members: 3 });
after(() => etcd[Symbol.asyncDispose]());
const access = connectEtcdAccess(await settingsOf(etcd, controlPlaneUser));
after(() => access[Symbol.asyncDispose]());
const [one, two] = ["0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"];
await access.allowNodes(one, ["pg-1"], options);
await access.enforce(options);

test("the balancer reads every instance and writes events only, the control plane reaches everything", async () => {
  await using balancer = connectEtcd(await settingsOf(etcd, balancerUser));
  const event = eventKeys(one).event("balancer/1");
  const spec = { key: instanceKeys(one).spec, modRevision: undefined };
  assert.deepEqual(await balancer.list(instancesPrefix, options), []);
  assert.ok(await isAllowed(balancer.transact([spec], [{ put: event, value: "" }], options)));
  assert.ok(!(await isAllowed(balancer.transact([], [{ put: spec.key, value: "" }], options))));
  assert.ok(!(await isAllowed(balancer.list("/mainstay/", options))));
  await using plane = connectEtcd(await settingsOf(etcd, controlPlaneUser));
  assert.ok(await isAllowed(plane.list("/", options)));
  assert.ok(await isAllowed(plane.transact([], [{ deletePrefix: eventsPrefix }], options)));
});

test("a node watches its own instance, and never sees another", async () => {
  await using node = connectEtcd(await settingsOf(etcd, nodeUser("pg-1")));
  const stopped = new AbortController();
  const kindsOf = (prefix: string) => {
    const kinds: WatchEvent["kind"][] = [];
    return { kinds, ended: node.watch(prefix, ({ kind }) => void kinds.push(kind), stopped.signal) };
  };
  const own = kindsOf(instanceKeys(one).prefix);
  const foreign = [instanceKeys(two).prefix, instancesPrefix].map(kindsOf);
  await waitFor(() => own.kinds.includes("alive"), { what: "a live watch", timeoutMs: 5_000 });
  stopped.abort();
  await Promise.all([own, ...foreign].map(({ ended }) => ended));
  assert.equal(own.kinds[0], "snapshot");
  for (const { kinds } of foreign) assert.ok(kinds.every((kind) => kind === "lost"));
});

test("calls that are on their way while rights change are carried out, each once", async () => {
  const stores: Store[] = [];
  const finished = new AbortController();
  const { lock } = instanceKeys(one);
  async function count(): Promise<number> {
    const store = connectEtcd(await settingsOf(etcd, nodeUser("pg-1")));
    stores.push(store);
    let written = 0;
    while (!finished.signal.aborted) {
      const current = await store.get(lock, options);
      const condition = { key: lock, modRevision: current?.modRevision };
      const put = { put: lock, value: String(Number(current?.value ?? 0) + 1) };
      if ((await store.transact([condition], [put], options)).succeeded) written += 1;
    }
    return written;
  }
  const counting = Promise.all([count(), count(), count()]);
  for (let round = 0; round < 20; round++) {
    await access.allowNodes(two, ["pg-3", "pg-4"], options);
    await access.forgetNodes(["pg-3", "pg-4"], options);
    await access.forgetInstance(two, options);
  }
  finished.abort();
  const written = (await counting).reduce((sum, each) => sum + each, 0);
  const [store] = stores;
  assert.equal(Number((await store?.get(lock, options))?.value), written);
  await Promise.all(stores.map((each) => each[Symbol.asyncDispose]()));
});
