/** Puts the agent together and runs it. */
import { randomUUID } from "node:crypto";
import { createWaker } from "@mainstay/control-loop/run-loop.ts";
import { connectEtcd } from "@mainstay/dcs/etcd-store.ts";
import { createEventLog, guardFrom } from "@mainstay/dcs/event-log.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { openPrefixView, type PrefixView } from "@mainstay/dcs/prefix-view.ts";
import { parseNodeStatus } from "@mainstay/dcs/records.ts";
import type { WatchEvent } from "@mainstay/dcs/store.ts";
import { keepCompiled } from "@mainstay/runtime/compile-cache.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { readPemFiles } from "@mainstay/runtime/pem-files.ts";
import { readNodeConfig } from "../config.ts";
import type { KeeperThread } from "../keeper/keeper-thread.ts";
import { nodePaths } from "../node-paths.ts";
import type { SupervisorState } from "../supervisor/protocol.ts";
import { runAgent } from "./agent-loop.ts";
import { openCancelGate } from "./cancel/cancel-gate.ts";
import { openDisk } from "./disk.ts";
import { createAgentEvents, writeEvents } from "./events/agent-events.ts";
import { cancelledWait } from "./events/cancelled-wait.ts";
import { watchLog } from "./events/log-watch.ts";
import { createLocalSession } from "./local-session.ts";
import { createMemory } from "./memory.ts";
import type { Node } from "./node.ts";
import { openPeerLinks } from "./peer-links.ts";
import { createSettingsFiles } from "./settings-files.ts";
import { watchVolume } from "./volume-watch.ts";

export interface AgentProcess extends Pick<Node, "tellSupervisor" | "shutdownSignal"> {
  readonly nodeDir: string;
  readonly log: Log;
  readonly keeper: KeeperThread;
  readonly waker: ReturnType<typeof createWaker>;
  /** Undefined before its first message: then there is no agent yet. */
  readonly supervisor: () => SupervisorState | undefined;
  readonly told: Promise<unknown>;
}

const warmUpMs = 2_000;

/** Runs until the process ends. A spare stops half-way: what takes time and changes nothing is done by then. */
export async function startAgent({
  nodeDir,
  waker,
  supervisor,
  told,
  ...agent
}: AgentProcess): Promise<void> {
  const config = await readNodeConfig(nodeDir);
  const paths = nodePaths(nodeDir, config);
  const { signal } = new AbortController();
  const settings = { ...config.store, ...(await readPemFiles(paths.clientTls)) };
  const store = connectEtcd(settings);
  const keys = instanceKeys(config.instanceId);
  const wake = () => waker.wake();
  keepCompiled();
  // What this process wrote itself is no news to it.
  const isOwn = (key: string) =>
    key === keys.node(config.nodeId) || (key === keys.lock && agent.keeper.lease !== undefined);
  const onChange = (event: WatchEvent) => {
    if (event.kind !== "put" || !isOwn(event.value.key)) wake();
  };
  const view = openPrefixView(store, keys.prefix, onChange, signal);
  store.get(keys.lock, { timeoutMs: warmUpMs, signal }).catch(() => {});
  await told;
  const eventsWaker = createWaker();
  const events = createEventLog({
    // A connection of their own: a call that fails ends every other one beside it.
    store: connectEtcd(settings),
    source: config.nodeId,
    runId: `${Date.now()}-${randomUUID().slice(0, 8)}`,
    guardOf: () => guardFrom(view, config.instanceId),
    now: () => new Date(),
    onRecord: () => eventsWaker.wake(),
  });
  const node: Node = {
    ...agent,
    config,
    paths,
    program: { binDir: config.binDir, cwd: nodeDir },
    disk: await openDisk(paths),
    memory: createMemory(),
    session: createLocalSession(config, paths.dataDir),
    settings: createSettingsFiles(config, paths),
    store,
    keys,
    view,
    links: openPeerLinks(wake, signal),
    volume: watchVolume(config.volumeDir, signal),
    events: createAgentEvents(config.instanceId, events, () => lastSaidAt(view, keys.node(config.nodeId))),
    supervisor: () => {
      const state = supervisor();
      if (!state) throw new Error("BUG: no supervisor");
      return state;
    },
    wake,
  };
  openCancelGate(config, agent.log, signal);
  const onLine = (line: string, isReadBack: boolean) => {
    const event = cancelledWait(line, node.disk.highestTerm);
    if (!event) return;
    node.memory.coverage.waitCancelled(monotonicMs(), isReadBack);
    wake();
    node.events.record(event);
  };
  await Promise.all([
    runAgent(node, waker, signal),
    writeEvents(events, eventsWaker, agent.log, signal),
    watchLog({ file: paths.postgresLog, onLine, log: agent.log, signal }),
  ]);
}

function lastSaidAt({ values }: PrefixView, statusKey: string): string | null {
  const status = values.get(statusKey)?.value.value;
  return status === undefined ? null : parseNodeStatus(status).observedAt;
}
