/** What `--wait` shows: every step with its time, until it is done or takes too long. */
import { EventList } from "@mainstay/api-contract/events.ts";
import type { LeaderChangeView } from "@mainstay/api-contract/platform.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { type Api, detailsPath, getDetails, getInstance, listNodes } from "../api.ts";
import { CommandError } from "../errors.ts";
import { say } from "../print.ts";

const limitMs = 120_000;
const switchoverLimitMs = 60_000;
const pageSize = 100;

/** Throws when the instance fails or takes too long. */
export async function waitUntilReady(api: Api, id: string): Promise<void> {
  const steps = stepLines(limitMs, `instance ${id} is not ready`);
  for (;;) {
    const { status, line } = await progressOf(api, id);
    steps.show(line);
    if (status === "ready") return;
    if (status === "error" || status === "gone") throw new CommandError(`instance ${id} is ${status}`);
    await steps.next();
  }
}

export async function waitUntilGone(api: Api, id: string): Promise<void> {
  const steps = stepLines(limitMs, `instance ${id} is still being deleted`);
  for (;;) {
    const { status, line } = await progressOf(api, id);
    steps.show(line);
    if (status === "gone") return;
    await steps.next();
  }
}

/** Until the target is primary, and clients of the endpoint are sent to it. */
export async function waitUntilLeads(
  api: Api,
  instanceId: string,
  { id: requestId, target }: LeaderChangeView,
): Promise<void> {
  const steps = stepLines(switchoverLimitMs, `${target} has not become primary`);
  for (;;) {
    const nodes = await listNodes(api, instanceId);
    steps.show(nodes.map(({ id, role }) => `${id} ${role}`).join(", "));
    if (nodes.some(({ id, role }) => id === target && role === "primary")) break;
    await steps.next();
  }
  if ((await getInstance(api, instanceId)).endpoints.length === 0) return;
  while (!(await isRouted(api, instanceId, requestId))) {
    steps.show(`${target} leads, the balancer follows`);
    await steps.next(`${target} leads, but the balancer has not routed to it`);
  }
}

/** The balancer has followed to a later term than the request was made in. */
async function isRouted(api: Api, instanceId: string, requestId: string): Promise<boolean> {
  let routedTerm = 0;
  for (let page = 1; ; page++) {
    const query = `order_by=at_desc&page=${page}&page_size=${pageSize}`;
    const path = `${detailsPath(instanceId)}/events?${query}`;
    const { events } = await api.request("GET", path, EventList);
    for (const { kind, action, term, failure, inputs } of events) {
      if (kind === "route" && action === "route" && failure === null) routedTerm = Math.max(routedTerm, term);
      if (kind === "status" && inputs.requestId === requestId) return routedTerm > term;
    }
    if (events.length < pageSize) return false;
  }
}

/** A control plane that is started again in the meantime goes on with the instance. */
async function progressOf(api: Api, id: string): Promise<{ status: string; line: string }> {
  try {
    const { status, status_reason: reason } = await getDetails(api, id);
    return { status, line: reason === "" ? status : `${status}: ${reason}` };
  } catch (error) {
    const code = error instanceof CommandError ? error.fault.code : undefined;
    if (code === "unreachable") return { status: "unknown", line: "the API does not answer" };
    if (code === "missing") return { status: "gone", line: "gone" };
    throw error;
  }
}

/** Shows a line when it differs from the one before; `next` throws after the limit. */
function stepLines(givenMs: number, late: string) {
  const startedMs = performance.now();
  let shown = "";
  return {
    show(line: string): void {
      if (line !== shown) say(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s  ${line}`);
      shown = line;
    },
    async next(lateNow = late): Promise<void> {
      if (performance.now() - startedMs > givenMs) throw new CommandError(lateNow);
      await pause(50);
    },
  };
}
