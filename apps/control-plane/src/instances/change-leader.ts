/** Changes of leader by hand. The request goes to the store; agents decide and do the rest. */
import { randomUUID } from "node:crypto";
import { labelProblem } from "@mainstay/api-contract/credentials.ts";
import { ApiError, invalidArgument } from "@mainstay/api-contract/errors.ts";
import type { FailoverInput, LeaderChangeView, SwitchoverInput } from "@mainstay/api-contract/platform.ts";
import { formatRecord } from "@mainstay/dcs/format-record.ts";
import { instanceKeys } from "@mainstay/dcs/keys.ts";
import { parseNodeStatus, parseSwitchover, parseSync } from "@mainstay/dcs/records.ts";
import type { NodeStatus, SwitchoverRequest } from "@mainstay/domain/cluster.ts";
import type { InstanceEvent } from "@mainstay/domain/event.ts";
import type { Actor, Platform } from "../platform.ts";
import { ownEvent, putEvents, storedEvent } from "../store/events.ts";
import type { NodeRow } from "../store/schema.ts";
import { type Candidates, chooseTarget, estimatedLoss } from "./choose-target.ts";
import { changeInstance } from "./find.ts";

export function requestSwitchover(platform: Platform, id: string, input: SwitchoverInput, actor: Actor) {
  return changeLeader(platform, id, { ...input, kind: "switchover", accept_loss: false }, actor);
}

/** The target takes over however the leader fares. */
export function requestFailover(platform: Platform, id: string, input: FailoverInput, actor: Actor) {
  return changeLeader(platform, id, { ...input, kind: "failover" }, actor);
}

interface Wanted extends FailoverInput {
  readonly kind: SwitchoverRequest["kind"];
}

const allowed = { switchover: ["ready"], failover: ["ready", "autohealing", "configuring"] };

function changeLeader(
  platform: Platform,
  id: string,
  { kind, target, reason, accept_loss: acceptLoss = false }: Wanted,
  actor: Actor,
): Promise<LeaderChangeView> {
  const why = reason || "asked for through the API";
  const problem = labelProblem(why);
  if (problem !== undefined) throw invalidArgument("reason", problem);
  return changeInstance(
    platform,
    id,
    actor,
    async (trx, { instance, nodes }) => {
      const members = nodes.filter(({ state }) => state === "member");
      const candidates = await readCandidates(platform, instance.id, members);
      const choice = chooseTarget(candidates, target || undefined, acceptLoss);
      if (choice.kind === "not-a-node") throw invalidArgument("target", "is not a node of this instance");
      if (choice.kind !== "chosen") throw preconditionFailed(choice.why);
      const estimated_loss_bytes = estimatedLoss(candidates, choice.target);
      const term = candidates.sync?.term ?? 0;
      const request = { id: randomUUID(), term, kind, target: choice.target, reason: why, acceptLoss };
      // Nobody will tell what became of a request that another took the place of.
      const replaced = candidates.standing && { replacedRequestId: candidates.standing.id };
      const inputs = { target: choice.target, requestId: request.id, acceptLoss, ...replaced };
      const event = ownEvent({
        ...{ kind: "status", action: kind, reason: why, term },
        inputs: { ...inputs, estimatedLossBytes: estimated_loss_bytes },
      });
      // In this order: whoever collects the event from the store waits for this transaction, and not the other way too.
      await putEvents(trx, instance.id, [event]);
      await putRequest(platform, instance.id, request, event);
      return {
        id: request.id,
        kind,
        target: choice.target,
        reason: why,
        accept_loss: acceptLoss,
        estimated_loss_bytes,
      };
    },
    allowed[kind],
  );
}

const options = () => ({ timeoutMs: 3_000, signal: AbortSignal.timeout(3_000) });

/** From the store itself: a copy may be behind, and who is synchronous decides what is lost. */
async function readCandidates(
  { store, observed }: Platform,
  instanceId: string,
  members: readonly NodeRow[],
): Promise<Candidates & { readonly standing: SwitchoverRequest | undefined }> {
  const keys = instanceKeys(instanceId);
  const values = await store.list(keys.prefix, options());
  const text = (key: string) => values.find((value) => value.key === key)?.value;
  const [sync, standing] = [text(keys.sync), text(keys.switchover)];
  const statuses = new Map<string, NodeStatus>();
  for (const { id } of members) {
    const status = text(keys.node(id));
    if (status !== undefined) statuses.set(id, parseNodeStatus(status));
  }
  return {
    sync: sync === undefined ? undefined : parseSync(sync),
    standing: standing === undefined ? undefined : parseSwitchover(standing),
    statuses,
    nodeIds: members.map(({ id }) => id),
    heardOf: members.filter((member) => isHeardOf(observed, instanceId, member)).map(({ id }) => id),
  };
}

/** What it said last is not heard once its host is down or frozen. */
function isHeardOf({ node, hostState }: Platform["observed"], instanceId: string, { id, host_id }: NodeRow) {
  const state = hostState(host_id);
  return node(instanceId, id) !== undefined && (state === undefined || state === "running");
}

/** With its event, which tells who asked and why whatever becomes of this process. */
async function putRequest(
  { store }: Platform,
  instanceId: string,
  request: SwitchoverRequest,
  event: InstanceEvent,
) {
  const put = { put: instanceKeys(instanceId).switchover, value: formatRecord(request) };
  await store.transact([], [put, storedEvent(instanceId, event)], options());
}

function preconditionFailed(help_message: string): ApiError {
  const fault = { type: "precondition_failed", precondition: "unknown_precondition" } as const;
  return new ApiError({ ...fault, help_message }, help_message);
}
