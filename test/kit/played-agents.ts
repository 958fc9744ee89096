/** The agents of an instance, played by a test: what they write into the store, without any PostgreSQL. */
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { formatNodeStatus, parseSpec } from "@mainstay/dcs/records.ts";
import type { Store, Write } from "@mainstay/dcs/store.ts";
import { timingPresets } from "@mainstay/domain/timing.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import type { Rdbv1 } from "@scaleway/sdk-rdb";
import type { TestControlPlane } from "./control-plane.ts";

export const limits = () => ({ timeoutMs: 2_000, signal: AbortSignal.timeout(2_000) });

/** Once: the first node leads, a second one follows synchronously. False: there is no specification yet. */
export async function serve(store: Store, instanceId: string): Promise<boolean> {
  const ids = await memberIds(store, instanceId);
  const [leader] = ids;
  if (leader === undefined) return false;
  await store.transact([], recordsOf(instanceId, leader, ids, 1), limits());
  return true;
}

/** Resolves with the instance when it is ready; its agents serve as soon as they can. */
export function untilReady(platform: TestControlPlane, instanceId: string): Promise<Rdbv1.Instance> {
  const look = async () => {
    await serve(platform.store, instanceId);
    const instance = await platform.api().getInstance({ instanceId });
    return instance.status === "ready" ? instance : undefined;
  };
  return waitFor(look, { what: "ready", timeoutMs: 10_000, everyMs: 50 });
}

/** Until disposed of: the first node serves and renews, and whoever's host runs reports and follows it. */
export function playAgents({ store, compute }: TestControlPlane, instanceId: string) {
  const idOf = (ordinal: number) => `pg-${instanceId.slice(0, 8)}-${ordinal}`;
  const ended = new AbortController();
  const playing = (async () => {
    for (let seq = 2; !ended.signal.aborted; seq++) {
      const hosts = await compute.hosts(AbortSignal.timeout(1_000));
      const nodes = await compute.nodes(AbortSignal.timeout(1_000));
      const isUp = (nodeId: string) =>
        nodes.some((one) => one.id === nodeId && one.state === "running") &&
        hosts.some((host) => host.state === "running" && host.nodeIds.includes(nodeId));
      const live = (await memberIds(store, instanceId)).filter(isUp);
      await store.transact([], recordsOf(instanceId, idOf(1), live, seq), limits());
      await pause(100, ended.signal);
    }
  })();
  return {
    idOf,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await playing;
    },
  };
}

async function memberIds(store: Store, instanceId: string): Promise<string[]> {
  const spec = await store.get(instanceKeys(instanceId).spec, limits());
  return spec ? parseSpec(spec.value).members.map(({ id }) => id) : [];
}

/** Each of `live` tells its status; while `leader` is one of them, it renews and names the others synchronous. */
function recordsOf(instanceId: string, leader: string, live: readonly string[], seq: number): Write[] {
  const keys = instanceKeys(instanceId);
  const members = live.filter((nodeId) => nodeId !== leader);
  const timing = timingPresets.fast;
  const lock = { term: 1, holder: leader, bootId: "b", phase: "serving" as const, timing, seq };
  const mode = members.length > 0 ? ("sync" as const) : ("async" as const);
  const sync = { term: 1, leader, mode, members, systemId: "7", takeovers: [], lossTerm: 0 };
  const statuses = live.map((nodeId) => ({
    put: keys.node(nodeId),
    value: formatNodeStatus({
      ...{ nodeId, observedAt: new Date().toISOString(), state: "running", reason: `plays ${seq}` },
      ...{ role: nodeId === leader ? "primary" : "standby", term: 1, timeline: 1, systemId: "7" },
      ...{ flushPosition: null, isStreaming: nodeId !== leader, impediment: null },
      pids: { supervisor: 1, agent: 2, fencer: 3, postmaster: 4 },
    }),
  }));
  if (!live.includes(leader)) return statuses;
  const leads = [
    { put: keys.lock, value: formatRecord(lock) },
    { put: keys.sync, value: formatRecord(sync) },
  ];
  return [...leads, ...statuses];
}
