import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { computeContract } from "@mainstay/compute/compute-contract.ts";
import { createHosts } from "@mainstay/compute/local/hosts.ts";
import { createLocalCompute } from "@mainstay/compute/local/local-compute.ts";
import { createLog } from "@mainstay/runtime/log.ts";
import { killTree } from "@mainstay/runtime/process-tree.ts";
import { unprivilegedUser } from "../kit/user.ts";

// Stands in for the agent's supervisor: this test is about processes, not about PostgreSQL.
const supervisor = `
  import { writeFileSync } from "node:fs";
  writeFileSync(process.argv[2] + "/supervisor.pid", process.pid + "\\n");
  setInterval(() => {}, 1000);
`;

computeContract("local", async () => {
  const dir = await mkdtemp(join(tmpdir(), "mainstay-compute-"));
  await chmod(dir, 0o755);
  const program = join(dir, "supervisor.mjs");
  await writeFile(program, supervisor);
  await createHosts(dir, 3);
  const user = await unprivilegedUser();
  const compute = await createLocalCompute({ dir, supervisor: program, user, log: createLog("test") });
  return Object.assign(compute, {
    async [Symbol.asyncDispose]() {
      for (const { id } of await compute.nodes(new AbortController().signal)) {
        await compute.deleteNode(id, new AbortController().signal);
      }
      await killTree(dir);
      await rm(dir, { recursive: true, force: true });
    },
  });
});
