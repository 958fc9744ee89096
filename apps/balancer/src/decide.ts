/** What one instance's HAProxy needs next. Pure. */
import type { KnownRoute, RunningRoute, SilentHaproxy, Target, WantedRoute } from "./route.ts";

export type RouteAction =
  | { readonly action: "wait"; readonly reason: string }
  /** Starts HAProxy, closed, with the allowed ranges, in place of one that hangs. */
  | { readonly action: "start"; readonly reason: string }
  /** Ends HAProxy: it listens elsewhere now. */
  | { readonly action: "stop"; readonly reason: string }
  /** Puts the ranges in force and cuts the sessions they no longer allow. */
  | { readonly action: "allow"; readonly allowedRanges: readonly string[]; readonly reason: string }
  /** Lets no new session in and cuts those there are. */
  | { readonly action: "close"; readonly reason: string }
  /** Closes, then sends clients to the target of this term. */
  | { readonly action: "route"; readonly target: Target; readonly term: number; readonly reason: string };

/** A busy machine may be late once; a look takes two seconds to find no answer. */
const silentLooksLimit = 2;

export function decideRoute(
  wanted: WantedRoute,
  known: KnownRoute | undefined,
  running: RunningRoute | SilentHaproxy | undefined,
): RouteAction {
  if (known && wanted.generation < known.generation) {
    // The endpoint is refused, the lock is not: terms are compared on their own.
    if (running && !isSilent(running)) return decideTarget(wanted, known.term, running);
    return { action: "wait", reason: `generation ${wanted.generation} is older than ${known.generation}` };
  }
  if (!running) return { action: "start", reason: "HAProxy does not run" };
  if (isSilent(running)) return decideSilent(running);
  if (known && (known.address !== wanted.address || known.port !== wanted.port)) {
    return { action: "stop", reason: "the endpoint moved" };
  }
  // The generation is remembered after the cut: when a balancer died between the two, all of it is done again.
  const isInForce = known?.generation === wanted.generation;
  if (!isInForce || !isSameSet(running.allowedRanges, wanted.allowedRanges)) {
    return {
      action: "allow",
      allowedRanges: wanted.allowedRanges,
      reason: `puts generation ${wanted.generation} in force`,
    };
  }
  return decideTarget(wanted, known?.term ?? 0, running);
}

function isSilent(running: RunningRoute | SilentHaproxy): running is SilentHaproxy {
  return "silentLooks" in running;
}

function decideSilent({ silentLooks }: SilentHaproxy): RouteAction {
  return silentLooks < silentLooksLimit
    ? { action: "wait", reason: "HAProxy runs and gives no answer" }
    : { action: "start", reason: "HAProxy runs and gave no answer twice in a row: it is replaced" };
}

function decideTarget({ target, term }: WantedRoute, knownTerm: number, running: RunningRoute): RouteAction {
  if (term < knownTerm) {
    return running.target
      ? { action: "close", reason: `term ${term} is older than ${knownTerm}` }
      : { action: "wait", reason: `term ${term} is older than ${knownTerm}` };
  }
  if (!target) {
    return running.target
      ? { action: "close", reason: "nobody serves" }
      : { action: "wait", reason: "nobody serves" };
  }
  const isThere = running.target?.address === target.address && running.target.port === target.port;
  return isThere && term === knownTerm
    ? { action: "wait", reason: `routes term ${term}` }
    : { action: "route", target, term, reason: `term ${term} is served by ${target.address}` };
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return new Set(some).size === new Set(others).size && some.every((one) => others.includes(one));
}
