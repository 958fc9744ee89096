import type { ClientBase } from "pg";

/** What a client's session is doing. */
export interface SessionActivity {
  /** A statement runs; else the session waits for its client. */
  readonly isActive: boolean;
  readonly waitEvent: string | null;
  /** The statement's beginning: another one has another. */
  readonly since: string;
  /** The statement only commits. */
  readonly isCommit: boolean;
}

export async function readActivity(client: ClientBase, pid: number): Promise<SessionActivity | undefined> {
  const { rows } = await client.query<SessionActivity>(
    `select state = 'active' as "isActive", wait_event as "waitEvent", query_start::text as since,
       query ~* '^\\s*(commit|end|prepare\\s+transaction)\\M' as "isCommit"
     from pg_stat_activity where pid = $1 and backend_type = 'client backend' and state is not null`,
    [pid],
  );
  return rows[0];
}
