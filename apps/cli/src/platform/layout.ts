/** Where everything of one platform is, below its directory. */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { supervisorOf } from "@mainstay/compute/local/image.ts";

export type Layout = ReturnType<typeof layoutOf>;

const root = join(import.meta.dirname, "../../../..");

/** `dir` is a real path: processes are found by it. */
export function layoutOf(dir: string) {
  const hash = createHash("sha256").update(dir).digest();
  const short = hash.toString("hex").slice(0, 8);
  const uid = process.getuid?.() ?? 0;
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
    /** Short, for unix sockets. */
    runtimeDir: uid === 0 ? join("/run/mainstay", short) : join(tmpdir(), `mainstay-${uid}-${short}`),
    /** Of the lock that `up` and `down` take: an abstract socket's. */
    lockName: `\0mainstay/${hash.toString("hex")}`,
    /** Loopback addresses of this platform's own servers: 127.<by directory>.0.x. */
    address: (number: number) => `127.${16 + ((hash[0] ?? 0) % 200)}.0.${number}`,
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
