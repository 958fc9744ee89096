/** Where everything of one platform is, below its directory. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { supervisorOf } from "@mainstay/compute/local/image.ts";
import { loopbackPrefix, platformRuntimeDir } from "@mainstay/compute/local/own-places.ts";

export type Layout = ReturnType<typeof layoutOf>;

const root = join(import.meta.dirname, "../../../..");

/** `dir` is a real path: processes are found by it. */
export function layoutOf(dir: string) {
  return {
    dir,
    settingsFile: join(dir, "platform.json"),
    connectionFile: join(dir, "connection.env"),
    authorityDir: join(dir, "authority"),
    logDir: join(dir, "log"),
    pidsDir: join(dir, "pids"),
    etcdDir: (member: number) => join(dir, `etcd-${member}`),
    databaseDir: join(dir, "database"),
    controlPlaneDir: join(dir, "control-plane"),
    balancerDir: join(dir, "balancer"),
    routesDir: join(dir, "balancer", "routes"),
    runtimeDir: platformRuntimeDir(dir),
    /** Of the lock that `up` and `down` take: an abstract socket's. */
    lockName: `\0mainstay/${createHash("sha256").update(dir).digest("hex")}`,
    /** Of this platform's own servers, on the loopback. */
    address: (number: number) => `${loopbackPrefix(dir)}.0.${number}`,
    /** What nodes run, and what it is made of. */
    imageDir: join(dir, "image"),
    agentSources: join(root, "apps/agent/src"),
    programs: {
      supervisor: supervisorOf(join(dir, "image")),
      controlPlane: join(root, "apps/control-plane/src/main.ts"),
      balancer: join(root, "apps/balancer/src/main.ts"),
      cli: join(root, "apps/cli/src/main.ts"),
    },
  };
}
