import { connectLocal } from "../local-client.ts";
import type { Node } from "../node.ts";

const limitMs = 15_000;

/**
 * Before a planned stop, while clients are still served: so the shutdown's own checkpoint is short. Rejects when it
 * takes longer than 15 s: it goes on in PostgreSQL, and the next pass asks for it again.
 */
export async function checkpointBefore(node: Node): Promise<void> {
  await using client = await connectLocal(node.config, { queryTimeoutMs: limitMs });
  await client.query("checkpoint");
}

/** In the background: a rewind from this node compares timelines of its last checkpoint, so a promotion needs one. */
export function checkpointSoon(node: Node): void {
  const checkpoint = async () => {
    await using client = await connectLocal(node.config, { queryTimeoutMs: 0 });
    await client.query("checkpoint");
  };
  checkpoint().catch((error: unknown) => node.log.warn({ err: error }, "the checkpoint failed"));
}
