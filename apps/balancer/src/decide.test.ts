import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRoute } from "./decide.ts";
import type { KnownRoute, RunningRoute, WantedRoute } from "./route.ts";

const target = { address: "127.16.0.1", port: 5432 };
const wanted = (differs: Partial<WantedRoute> = {}): WantedRoute => ({
  instanceId: "i",
  generation: 2,
  address: "127.0.0.1",
  port: 5500,
  allowedRanges: ["10.0.0.0/8"],
  term: 3,
  target,
  ...differs,
});
const known: KnownRoute = { generation: 2, term: 3, address: "127.0.0.1", port: 5500 };
const running: RunningRoute = { allowedRanges: ["10.0.0.0/8"], target };

const table: readonly [string, ReturnType<typeof decideRoute>["action"], Parameters<typeof decideRoute>][] = [
  ["a route that is in force is left alone", "wait", [wanted(), known, running]],
  ["a HAProxy that does not run is started", "start", [wanted(), known, undefined]],
  ["a new instance is started", "start", [wanted(), undefined, undefined]],
  ["a HAProxy that gave no answer once is asked again", "wait", [wanted(), known, { silentLooks: 1 }]],
  ["a HAProxy that gave no answer twice is replaced", "start", [wanted(), known, { silentLooks: 2 }]],
  [
    "a HAProxy that cannot be ended goes on being replaced",
    "start",
    [wanted({ port: 5501 }), known, { silentLooks: 3 }],
  ],
  [
    "an older generation changes nothing",
    "wait",
    [wanted({ generation: 1, allowedRanges: [] }), known, running],
  ],
  [
    "an older generation of the endpoint does not keep a deposed primary",
    "close",
    [wanted({ generation: 1, term: 4, target: undefined }), known, running],
  ],
  ["an older generation starts nothing", "wait", [wanted({ generation: 1 }), known, undefined]],
  ["an older generation replaces nothing", "wait", [wanted({ generation: 1 }), known, { silentLooks: 2 }]],
  [
    "ranges that a dead balancer put in force without the cut are put in force again",
    "allow",
    [wanted({ generation: 3 }), known, running],
  ],
  ["an endpoint that moved is stopped first", "stop", [wanted({ port: 5501 }), known, running]],
  ["a narrower range is put in force", "allow", [wanted({ allowedRanges: [] }), known, running]],
  ["without a serving leader nobody gets in", "close", [wanted({ target: undefined }), known, running]],
  [
    "a closed route stays closed",
    "wait",
    [wanted({ target: undefined }), known, { ...running, target: undefined }],
  ],
  ["a new term is routed anew, even to the same node", "route", [wanted({ term: 4 }), known, running]],
  [
    "another node is routed to",
    "route",
    [wanted({ term: 4, target: { ...target, address: "127.16.0.2" } }), known, running],
  ],
  ["an older term is never routed", "close", [wanted({ term: 2 }), known, running]],
  [
    "an adopted HAProxy without its target is routed",
    "route",
    [wanted(), known, { ...running, target: undefined }],
  ],
];

for (const [name, action, input] of table) {
  test(name, () => assert.equal(decideRoute(...input).action, action));
}
