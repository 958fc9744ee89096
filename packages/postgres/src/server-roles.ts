/** Keeps the roles that reach beyond the database, to the node itself, from whoever may create roles. */
import { type ClientBase, escapeIdentifier } from "pg";

/** Their members run programs, and read and write files, as the server's own user. */
const serverRoles = ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"];

/**
 * Before PostgreSQL 16, CREATEROLE may grant every role but those of superusers, itself included. So these are
 * marked as such: nobody can log in as them, and only a superuser can grant them. Repeatable.
 */
export async function withholdServerRoles(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  if ((rows[0]?.version ?? 0) >= 160_000) return;
  await client.query("begin");
  try {
    await revokeAll(client);
    await client.query("update pg_authid set rolsuper = true where rolname = any($1)", [serverRoles]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/** A member from before would become a superuser. */
async function revokeAll(client: ClientBase): Promise<void> {
  await client.query("lock table pg_auth_members in share row exclusive mode");
  const { rows } = await client.query<{ role: string; member: string }>(
    `select pg_get_userbyid(roleid) as role, pg_get_userbyid(member) as member
     from pg_auth_members where pg_get_userbyid(roleid) = any($1)`,
    [serverRoles],
  );
  for (const { role, member } of rows) {
    await client.query(`revoke ${escapeIdentifier(role)} from ${escapeIdentifier(member)} cascade`);
  }
}
