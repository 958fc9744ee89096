/** What every StoreAccess promises, as tests. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { nodeUser, type StoreAccess } from "./access.ts";
import { eventKeys, instanceKeys } from "./keys.ts";
import type { CallOptions } from "./store.ts";

const options: CallOptions = { timeoutMs: 5_000, signal: new AbortController().signal };

export interface OpenAccess extends AsyncDisposable {
  readonly access: StoreAccess;
  /** Whether that user can read and write the key. */
  mayReach(user: string, key: string): Promise<boolean>;
}

export function accessContract(name: string, open: () => Promise<OpenAccess>): void {
  test(`${name}: a node reaches its instance's keys and events, and nothing else`, async () => {
    await using opened = await open();
    const { access, mayReach } = opened;
    const [own, other] = [randomUUID(), randomUUID()];
    const user = nodeUser("pg-1");
    assert.equal(await mayReach(user, instanceKeys(other).lock), true, "before anything is enforced");
    await access.allowNodes(own, ["pg-1"], options);
    await access.enforce(options);
    await access.enforce(options);
    await access.allowNodes(own, ["pg-1", "pg-2"], options);
    await access.allowNodes(other, ["pg-3"], options);
    const keys = [instanceKeys(own).lock, instanceKeys(own).node("pg-2"), eventKeys(own).event("pg-1/1")];
    for (const key of keys) assert.equal(await mayReach(user, key), true, key);
    const others = [instanceKeys(other).lock, eventKeys(other).event("pg-3/1"), "/mainstay/access"];
    for (const key of others) assert.equal(await mayReach(user, key), false, key);
    assert.equal(await mayReach(nodeUser("pg-2"), instanceKeys(own).lock), true);
    assert.equal(await mayReach(nodeUser("pg-9"), instanceKeys(own).lock), false, "a stranger");
  });

  test(`${name}: a node or an instance that is forgotten reaches nothing, and may be forgotten again`, async () => {
    await using opened = await open();
    const { access, mayReach } = opened;
    const id = randomUUID();
    const { lock } = instanceKeys(id);
    await access.enforce(options);
    await access.allowNodes(id, ["pg-1", "pg-2"], options);
    for (let time = 0; time < 2; time++) await access.forgetNodes(["pg-1"], options);
    assert.equal(await mayReach(nodeUser("pg-1"), lock), false);
    assert.equal(await mayReach(nodeUser("pg-2"), lock), true);
    for (let time = 0; time < 2; time++) await access.forgetInstance(id, options);
    assert.equal(await mayReach(nodeUser("pg-2"), lock), false);
  });
}
