/** What the actions work with: one object per agent. */

import type { instanceKeys } from "@mainstay/dcs/keys.ts";
import type { PrefixView } from "@mainstay/dcs/prefix-view.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { ClusterSpec } from "@mainstay/domain/cluster.ts";
import type { NodeConfig } from "@mainstay/domain/node-config.ts";
import type { VolumeState } from "@mainstay/ha/observation.ts";
import type { ProgramContext } from "@mainstay/postgres/program.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { waitFor } from "@mainstay/runtime/pause.ts";
import type { KeeperThread } from "../keeper/keeper-thread.ts";
import type { NodePaths } from "../node-paths.ts";
import type { SupervisorState, ToSupervisor } from "../supervisor/protocol.ts";
import type { Disk } from "./disk.ts";
import type { AgentEvents } from "./events/agent-events.ts";
import type { LocalSession } from "./local-session.ts";
import type { Memory } from "./memory.ts";
import type { PeerLinks } from "./peer-links.ts";
import type { createSettingsFiles } from "./settings-files.ts";

export interface Node {
  readonly config: NodeConfig;
  readonly paths: NodePaths;
  readonly program: ProgramContext;
  readonly disk: Disk;
  readonly memory: Memory;
  readonly session: LocalSession;
  readonly settings: ReturnType<typeof createSettingsFiles>;
  readonly keeper: KeeperThread;
  readonly store: Store;
  readonly keys: ReturnType<typeof instanceKeys>;
  readonly view: PrefixView;
  readonly links: PeerLinks;
  readonly volume: () => VolumeState;
  readonly events: AgentEvents;
  readonly log: Log;
  readonly supervisor: () => SupervisorState;
  /** Aborted when the supervisor was asked to end: ends what can be taken up again later. */
  readonly shutdownSignal: AbortSignal;
  readonly tellSupervisor: (message: ToSupervisor) => void;
  /** Makes the loop look again at once. */
  readonly wake: () => void;
}

/** A decision that needs the specification was made with one. */
export function specOf(spec: ClusterSpec | undefined): ClusterSpec {
  if (!spec) throw new Error("BUG: an action without a specification");
  return spec;
}

/** Waits until the own view shows what was written at `revision`, so that the next decision knows of it. */
export async function seeRevision(
  node: Node,
  key: string,
  revision: bigint,
  signal: AbortSignal,
): Promise<void> {
  const isSeen = () => (node.view.values.get(key)?.value.modRevision ?? 0n) >= revision;
  await waitFor(isSeen, { what: `the view of ${key}`, timeoutMs: 2_000, everyMs: 2, signal });
}
