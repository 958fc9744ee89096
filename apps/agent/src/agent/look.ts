/** What the decision core wants to know. */
import type { Observation } from "@mainstay/ha/observation.ts";
import type { Node } from "./node.ts";
import { observe, withPostgres } from "./observe.ts";
import { createPostgresWatch } from "./postgres-watch.ts";

export interface Look {
  /** At once: PostgreSQL may take its time. */
  withoutPostgres(): Omit<Observation, "postgres">;
  everything(signal: AbortSignal): Promise<Observation>;
}

export function createLook(node: Node): Look {
  const { config, view, memory, disk, keeper, links } = node;
  const watch = createPostgresWatch(node);
  const withoutPostgres = () =>
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
  return {
    withoutPostgres,
    async everything(signal) {
      const before = withoutPostgres();
      links.follow((before.spec?.members ?? []).filter(({ id }) => id !== config.nodeId));
      const postgres = await watch(node.supervisor(), before, signal);
      // PostgreSQL's answer took time: what leads must be newer than it.
      return withPostgres(withoutPostgres(), postgres);
    },
  };
}
