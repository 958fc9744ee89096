/**
 * Users and roles of etcd: a role for each instance, a user for each node, known by its client certificate alone.
 * etcd 3.4 or later; a user that is added twice or deleted twice is refused as a precondition, and is as wanted.
 */
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { balancerUser, controlPlaneUser, nodeUser, type StoreAccess } from "./access.ts";
import { createCalls } from "./etcd-calls.ts";
import { bytesOf, type EtcdSettings, endOf } from "./etcd-connection.ts";
import { Auth } from "./generated/etcd_pb.ts";
import { eventKeys, eventsPrefix, instanceKeys, instancesPrefix } from "./keys.ts";
import type { CallOptions } from "./store.ts";

const permission = { read: 0, both: 2 };
/** May do everything; etcd wants a user of that name before it enforces anything. */
const root = "root";
const roleOf = (instanceId: string) => `instance.${instanceId}`;

type Rights = readonly (readonly [prefix: string, permission: number])[];

/** With a certificate of the control plane. */
export function connectEtcdAccess(settings: EtcdSettings): StoreAccess {
  const calls = createCalls(settings);
  const call = (
    send: (auth: Client<typeof Auth>, how: CallOptions) => Promise<unknown>,
    options: CallOptions,
  ) => calls.call((transport, how) => send(createClient(Auth, transport), how), options);

  /** They are all a role has: it is never narrowed. */
  async function makeRole(name: string, rights: Rights, options: CallOptions): Promise<void> {
    await call((auth, how) => unlessDone(auth.roleAdd({ name }, how)), options);
    await Promise.all(
      rights.map(([prefix, permType]) => {
        const perm = { permType, key: bytesOf(prefix), rangeEnd: endOf(prefix) };
        return call((auth, how) => auth.roleGrantPermission({ name, perm }, how), options);
      }),
    );
  }

  async function makeUser(name: string, role: string, options: CallOptions): Promise<void> {
    const user = { name, options: { noPassword: true } };
    await call((auth, how) => unlessDone(auth.userAdd(user, how)), options);
    await call((auth, how) => auth.userGrantRole({ user: name, role }, how), options);
  }

  return {
    async allowNodes(instanceId, nodeIds, options) {
      const role = roleOf(instanceId);
      const prefixes = [instanceKeys(instanceId).prefix, eventKeys(instanceId).prefix];
      await makeRole(
        role,
        prefixes.map((prefix) => [prefix, permission.both]),
        options,
      );
      await Promise.all(nodeIds.map((id) => makeUser(nodeUser(id), role, options)));
    },
    async forgetNodes(nodeIds, options) {
      const forget = (id: string) =>
        call((auth, how) => unlessDone(auth.userDelete({ name: nodeUser(id) }, how)), options);
      await Promise.all(nodeIds.map(forget));
    },
    async forgetInstance(instanceId, options) {
      await call((auth, how) => unlessDone(auth.roleDelete({ role: roleOf(instanceId) }, how)), options);
    },
    async enforce(options) {
      const follows: Rights = [
        [instancesPrefix, permission.read],
        [eventsPrefix, permission.both],
      ];
      await makeRole(balancerUser, follows, options);
      await makeRole(root, [], options);
      await makeUser(balancerUser, balancerUser, options);
      for (const user of [root, controlPlaneUser]) await makeUser(user, root, options);
      await call((auth, how) => auth.authEnable({}, how), options);
    },
    async [Symbol.asyncDispose]() {
      calls.end();
    },
  };
}

async function unlessDone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.FailedPrecondition) throw error;
  }
}
