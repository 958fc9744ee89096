import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "@mainstay/runtime/pause.ts";
import type { Api } from "../api.ts";
import { waitUntilLeads } from "./wait.ts";

const change = {
  ...{ id: "r", kind: "switchover", target: "b", reason: "", accept_loss: false },
  estimated_loss_bytes: 0,
};
const asked = event("status", "switchover", 3, { requestId: "r" });

test("a change of leader is over when the balancer has followed, not when the target is primary", async () => {
  const { api, told, eventsAsked } = setUp({ endpoints: [{}] });
  let isOver = false;
  const waiting = waitUntilLeads(api, "i", change).then(() => {
    isOver = true;
  });
  // The route of the old term, and one that failed.
  told.push(event("route", "route", 3), asked, { ...event("route", "route", 4), failure: "no" });
  // Whoever is satisfied asks no more.
  await waitFor(() => eventsAsked() > 2, { what: "questions", timeoutMs: 5_000 });
  assert.equal(isOver, false);
  told.push(...Array.from({ length: 120 }, () => event("decision", "wait", 4)), event("route", "route", 4));
  await waiting;
});

test("where there is no endpoint, nothing is routed", async () => {
  const { api, told } = setUp({ endpoints: [] });
  told.push(asked);
  await waitUntilLeads(api, "i", change);
});

function event(kind: string, action: string, term: number, inputs = {}) {
  return { kind, action, term, inputs, failure: null as string | null };
}

function setUp(instance: { readonly endpoints: readonly object[] }) {
  const told: ReturnType<typeof event>[] = [];
  let asks = 0;
  const answer = (path: string): unknown => {
    if (path.endsWith("/nodes")) return { nodes: [{ id: "b", role: "primary" }] };
    if (path.includes("/events")) asks++;
    const page = Number(/[?&]page=(\d+)/.exec(path)?.[1] ?? 0);
    return page === 0 ? instance : { events: told.toReversed().slice((page - 1) * 100, page * 100) };
  };
  const request = async (_method: string, path: string) => answer(path);
  return { told, eventsAsked: () => asks, api: { request, projectId: "p" } as unknown as Api };
}
