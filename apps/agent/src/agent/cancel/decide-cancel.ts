/**
 * Whether a request to cancel a statement may reach PostgreSQL (S9, F34). One that reaches a commit ends its wait for
 * the standby, and PostgreSQL then reports a success that a failover can take back. Pure.
 */
import type { SessionActivity } from "@mainstay/postgres/session-activity.ts";

export type CancelDecision =
  | { readonly action: "forward" | "drop"; readonly reason: string }
  /** Looked at again: what it waits for may be over soon. */
  | { readonly action: "wait"; readonly reason: string };

/** From the flush of the commit record to the standby's answer; bulk writes wait so too, for moments. */
const commitWaits = /^(SyncRep|WAL|Xact|Proc[Aa]rray)/;

/** `since`: the beginning of the statement that ran when the request came. */
export function decideCancel(
  session: SessionActivity | undefined,
  since: string | undefined,
): CancelDecision {
  if (!session?.isActive) return { action: "drop", reason: "no statement runs" };
  if (session.since !== since) return { action: "drop", reason: "the statement is over" };
  if (session.isCommit) return { action: "wait", reason: "the statement is a commit" };
  return commitWaits.test(session.waitEvent ?? "")
    ? { action: "wait", reason: `the statement may be committing: it waits for ${session.waitEvent}` }
    : { action: "forward", reason: "the statement runs" };
}
