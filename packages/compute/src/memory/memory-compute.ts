/** Compute in memory, for tests: the same promises, and no process at all. */
import { type Compute, ComputeError, type Host, type HostPower, type Node } from "../compute.ts";

const workMem = {
  ...{ name: "work_mem", context: "user", type: "INTEGER" as const, min: 64, max: 2_147_483_647 },
  description: "Sets the maximum memory to be used for query workspaces.",
};

interface MemoryNode extends Omit<Node, "state" | "supervisorPid"> {
  readonly isStarted: boolean;
}

/** `count` running hosts, each in a zone of its own, and engines of those major versions. */
export function createMemoryCompute(count = 3, majors: readonly number[] = [15]): Compute & HostPower {
  const states = new Map<string, Host["state"]>();
  for (let number = 1; number <= count; number++) states.set(`host-${number}`, "running");
  const nodes = new Map<string, MemoryNode>();
  let addresses = 0;

  function stateOf(hostId: string): Host["state"] {
    const state = states.get(hostId);
    if (!state) throw new ComputeError({ code: "host-not-found", hostId });
    return state;
  }

  function checkRunning(hostId: string): void {
    if (stateOf(hostId) !== "running") throw new ComputeError({ code: "host-not-running", hostId });
  }

  function toNode({ isStarted, ...node }: MemoryNode): Node {
    const isRunning = isStarted && stateOf(node.hostId) !== "down";
    return { ...node, state: isRunning ? "running" : "stopped", supervisorPid: undefined };
  }

  function setState(hostId: string, state: Host["state"]): void {
    if (stateOf(hostId) === "down" && state === "frozen") checkRunning(hostId);
    states.set(hostId, state);
  }

  return {
    hosts: async () =>
      [...states].map(([id, state]) => ({
        id,
        zone: `fr-par-${id.slice("host-".length)}`,
        state,
        nodeIds: [...nodes.values()].filter(({ hostId }) => hostId === id).map((node) => node.id),
      })),
    engines: async () =>
      majors.map((major) => ({ major, version: `${major}.0`, binDir: "/nowhere", parameters: [workMem] })),
    nodes: async () => [...nodes.values()].map(toNode),
    async reserveNode(id, instanceId, hostId) {
      const present = nodes.get(id);
      if (present) return toNode(present);
      checkRunning(hostId);
      const place = {
        nodeDir: `/memory/${id}`,
        volumeDir: `/memory/${id}/volume`,
        runtimeDir: `/memory/run/${id}`,
      };
      const address = `127.0.${Math.floor(addresses / 250)}.${(addresses++ % 250) + 1}`;
      const dataDir = `${place.volumeDir}/data`;
      const node = { id, instanceId, hostId, address, port: 5432, ...place, dataDir, isStarted: false };
      nodes.set(id, node);
      return toNode(node);
    },
    async startNode({ id }) {
      const node = nodes.get(id);
      if (!node) throw new ComputeError({ code: "node-not-reserved", nodeId: id });
      checkRunning(node.hostId);
      const started = { ...node, isStarted: true };
      nodes.set(id, started);
      return toNode(started);
    },
    async deleteNode(id) {
      nodes.delete(id);
    },
    kill: async (hostId) => setState(hostId, "down"),
    start: async (hostId) => setState(hostId, "running"),
    freeze: async (hostId) => setState(hostId, "frozen"),
    thaw: async (hostId) => {
      if (stateOf(hostId) === "down") checkRunning(hostId);
      setState(hostId, "running");
    },
  };
}
