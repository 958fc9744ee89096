/** What is wrong with an instance, from what was seen of it. Pure. */
import type { LockRecord, SyncRecord } from "@mainstay/domain/cluster.ts";
import type { NodeRow } from "../store/schema.ts";

export type NodeHealth =
  | { readonly kind: "alive" }
  /** It was not heard of yet, and not for long. */
  | { readonly kind: "unknown" }
  | { readonly kind: "lost"; readonly forMs: number; readonly why: string };

export interface InstanceHealth {
  /** The node that serves, renews its lock and is the leader of the sync record. */
  readonly leader: string | undefined;
  readonly nodes: ReadonlyMap<string, NodeHealth>;
  /** undefined: a leader serves, all members live, and with two of them commits reach the standby. */
  readonly trouble: string | undefined;
}

/** How long a key was seen unchanged; `isHeard`: it changed since this process began to look. */
export interface Silence {
  readonly forMs: number;
  readonly isHeard: boolean;
}

export interface SeenNode {
  readonly row: Pick<NodeRow, "id" | "host_id" | "state">;
  readonly hostState: string | undefined;
  /** By its last word, it receives from the leader. */
  readonly isStreaming: boolean;
  /** How long its host has been in that state. */
  readonly hostForMs: number;
  /** Of its status; undefined: it has none, and is not in the specification either. */
  readonly silence: Silence | undefined;
}

export interface SeenInstanceParts {
  readonly isHa: boolean;
  readonly nodes: readonly SeenNode[];
  readonly lock: (Silence & { readonly record: LockRecord }) | undefined;
  readonly sync: SyncRecord | undefined;
  readonly silentAfterMs: number;
}

export function healthOf(seen: SeenInstanceParts): InstanceHealth {
  const nodes = new Map(seen.nodes.map((node) => [node.row.id, nodeHealth(node, seen.silentAfterMs)]));
  return { leader: leaderOf(seen, nodes), nodes, trouble: troubleOf(seen, nodes) };
}

function nodeHealth({ row, hostState, hostForMs, silence }: SeenNode, silentAfterMs: number): NodeHealth {
  if (hostState !== undefined && hostState !== "running") {
    return { kind: "lost", forMs: hostForMs, why: `${row.host_id} is ${hostState}` };
  }
  if (!silence) return { kind: "unknown" };
  if (silence.forMs >= silentAfterMs) {
    return { kind: "lost", forMs: silence.forMs, why: "it is silent" };
  }
  return { kind: silence.isHeard ? "alive" : "unknown" };
}

/** A host that was down may be back sooner than the lock of its node is seen to be old: it counts when renewed since. */
function leaderOf({ lock, sync, nodes: seenNodes }: SeenInstanceParts, nodes: InstanceHealth["nodes"]) {
  if (lock?.record.phase !== "serving" || !lock.isHeard) return undefined;
  const { holder, timing } = lock.record;
  if (lock.forMs >= timing.takeMs) return undefined;
  const node = seenNodes.find(({ row }) => row.id === holder);
  if (!node || (node.hostState !== undefined && lock.forMs >= node.hostForMs)) return undefined;
  return nodes.get(holder)?.kind !== "lost" && sync?.leader === holder ? holder : undefined;
}

function troubleOf(seen: SeenInstanceParts, nodes: InstanceHealth["nodes"]): string | undefined {
  const { isHa, lock, sync } = seen;
  const members = seen.nodes.filter(({ row }) => row.state === "member").map(({ row }) => row.id);
  for (const id of members) {
    const health = nodes.get(id);
    if (health?.kind === "lost") return `${id} is lost: ${health.why}`;
  }
  if (lock?.record.phase !== "serving") return "no node serves";
  if (lock.forMs >= seen.silentAfterMs) return `${lock.record.holder} has not renewed its lock`;
  if (!isHa) return undefined;
  const others = sync?.mode === "sync" ? sync.members : [];
  const isPaired = others.length > 0 && others.every((id) => members.includes(id));
  if (!isPaired) return "the standby is not synchronous yet";
  // Strict: the record names a lost standby for as long as commits wait for it.
  const cut = seen.nodes.find(({ row, isStreaming }) => others.includes(row.id) && !isStreaming);
  return cut && `commits wait for ${cut.row.id}, which receives nothing`;
}
