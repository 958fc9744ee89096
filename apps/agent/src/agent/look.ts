/** One look at everything that the decision core wants to know. */
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Node } from "./node.ts";
import { observe, withPostgres } from "./observe.ts";
import { createPostgresWatch } from "./postgres-watch.ts";

export function createLook(node: Node): (signal: AbortSignal) => Promise<Observation> {
  const { config, view, memory, disk, keeper, links } = node;
  const watch = createPostgresWatch(node);
  const seen = () =>
    observe({
      self: config.nodeId,
      instanceId: config.instanceId,
      view,
      memory,
      supervisor: node.supervisor(),
      lease: keeper.lease,
      intent: disk.intent,
      highestTerm: disk.highestTerm,
      dataTerm: disk.dataTerm,
      links: links.states,
      volume: node.volume(),
    });
  return async (signal) => {
    const before = seen();
    links.follow((before.spec?.members ?? []).filter(({ id }) => id !== config.nodeId));
    const postgres = await watch(node.supervisor(), before, signal);
    // PostgreSQL's answer took time: what leads must be newer than it.
    return withPostgres(seen(), postgres);
  };
}
