/** The power switches of virtual hosts. */
import { killTree, signalTree } from "@mainstay/runtime/process-tree.ts";
import { ComputeError, type HostPower } from "../compute.ts";
import { findHost, hostDir, type VirtualHost, writeHost } from "./hosts.ts";

/** `startNodes` starts whatever should run on running hosts. */
export function hostPower(dir: string, startNodes: () => Promise<void>): HostPower {
  async function poweredHost(hostId: string): Promise<VirtualHost> {
    const host = await findHost(dir, hostId);
    if (host.state === "down") throw new ComputeError({ code: "host-not-running", hostId });
    return host;
  }

  return {
    async kill(hostId) {
      // Said first, so that nobody starts again what is being killed.
      await writeHost(dir, { ...(await findHost(dir, hostId)), state: "down" });
      await killTree(await hostDir(dir, hostId));
    },
    async start(hostId) {
      await signalTree(await hostDir(dir, hostId), "SIGCONT");
      await writeHost(dir, { ...(await findHost(dir, hostId)), state: "running" });
      await startNodes();
    },
    async freeze(hostId) {
      await writeHost(dir, { ...(await poweredHost(hostId)), state: "frozen" });
      await signalTree(await hostDir(dir, hostId), "SIGSTOP");
    },
    async thaw(hostId) {
      const host = await poweredHost(hostId);
      await signalTree(await hostDir(dir, hostId), "SIGCONT");
      await writeHost(dir, { ...host, state: "running" });
    },
  };
}
