import type { NodeView } from "@mainstay/api-contract/platform.ts";
import type { Actor, Platform } from "../platform.ts";
import { getInstance } from "./find.ts";
import { toNodeView } from "./node-view.ts";

/** Desired nodes with what their agents said last. */
export async function listNodes(
  { db, compute, observed }: Platform,
  id: string,
  actor: Actor,
): Promise<NodeView[]> {
  const { instance, nodes } = await getInstance(db, id, actor);
  const provided = await compute.nodes(AbortSignal.timeout(5_000));
  const [lock, sync] = [observed.lock(instance.id), observed.sync(instance.id)];
  return nodes.map((row) =>
    toNodeView({
      row,
      dataDir: provided.find((one) => one.id === row.id)?.dataDir ?? null,
      hostState: observed.hostState(row.host_id),
      status: observed.node(instance.id, row.id),
      lock,
      sync,
    }),
  );
}
