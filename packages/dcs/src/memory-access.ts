/** Access in memory, for tests: it remembers who may reach what, and the memory store lets everybody in. */
import { nodeUser, type StoreAccess } from "./access.ts";
import { eventKeys, instanceKeys } from "./keys.ts";

export interface MemoryAccess extends StoreAccess {
  mayReach(user: string, key: string): boolean;
}

export function createMemoryAccess(): MemoryAccess {
  const instanceOf = new Map<string, string>();
  const instances = new Set<string>();
  let isEnforced = false;
  return {
    async allowNodes(instanceId, nodeIds) {
      instances.add(instanceId);
      for (const id of nodeIds) instanceOf.set(nodeUser(id), instanceId);
    },
    async forgetNodes(nodeIds) {
      for (const id of nodeIds) instanceOf.delete(nodeUser(id));
    },
    async forgetInstance(instanceId) {
      instances.delete(instanceId);
    },
    async enforce() {
      isEnforced = true;
    },
    mayReach(user, key) {
      const instanceId = instanceOf.get(user);
      if (!isEnforced) return true;
      if (instanceId === undefined || !instances.has(instanceId)) return false;
      const prefixes = [instanceKeys(instanceId).prefix, eventKeys(instanceId).prefix];
      return prefixes.some((prefix) => key.startsWith(prefix));
    },
    async [Symbol.asyncDispose]() {},
  };
}
