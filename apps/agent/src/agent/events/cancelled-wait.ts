/**
 * A commit whose wait for the standby was cancelled: PostgreSQL told its client of a success that only this node has.
 * The gate (cancel-gate.ts) sees neither requests inside TLS nor pg_cancel_backend: those are at least told. Pure.
 */
import type { EventInputs, NewEvent } from "@mainstay/domain/event.ts";

/** One line of PostgreSQL's log, as log_line_prefix of render-settings.ts begins it; no severity before this one. */
const pattern =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC \[(\d+)\] \S+ ((?:(?! [A-Z]+: {2}).)+) WARNING: {2}canceling wait for synchronous replication due to user request$/;

export function cancelledWait(line: string, term: number): NewEvent | undefined {
  const [, date, time, pid, session = ""] = pattern.exec(line) ?? [];
  if (pid === undefined) return undefined;
  return {
    // Read again by the next agent, it is the same event.
    id: `wait-cancelled-${pid}-${`${date}${time}`.replaceAll(/\D/g, "")}`,
    at: `${date}T${time}Z`,
    kind: "postgres",
    action: "wait-cancelled",
    reason: "a commit was reported as done although no standby has to have it: its wait was cancelled",
    term,
    inputs: { pid: Number(pid), ...userAndDatabase(session) },
  };
}

/** `user@database`: either may hold an @; a database's rarely does. */
function userAndDatabase(session: string): EventInputs {
  const at = session.lastIndexOf("@");
  return { user: session.slice(0, at), database: session.slice(at + 1) };
}
