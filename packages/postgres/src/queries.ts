/** What an agent makes and changes in its own server. */
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { replicationRole } from "./conninfo.ts";
import { superuser } from "./init-database.ts";
import { slotName } from "./quote.ts";
import { adminGroup, probeRole } from "./render-access.ts";
import { withholdServerRoles } from "./server-roles.ts";

const rewindFunctions = [
  "pg_ls_dir(text, boolean, boolean)",
  "pg_stat_file(text, boolean)",
  "pg_read_binary_file(text)",
  "pg_read_binary_file(text, bigint, bigint, boolean)",
];

/** The roles the platform itself uses; to be run in database postgres. Repeatable. */
export async function createInternalRoles(client: ClientBase): Promise<void> {
  await createRole(client, replicationRole, "login replication");
  await createRole(client, probeRole, "login");
  await createRole(client, adminGroup, "nologin");
  await client.query(`grant pg_monitor to ${escapeIdentifier(probeRole)}`);
  await withholdServerRoles(client);
  for (const signature of rewindFunctions) {
    await client.query(
      `grant execute on function pg_catalog.${signature} to ${escapeIdentifier(replicationRole)}`,
    );
  }
}

async function createRole(client: ClientBase, name: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [name]);
  const verb = rowCount === 0 ? "create" : "alter";
  await client.query(`${verb} role ${escapeIdentifier(name)} ${attributes}`);
}

/** Grows when what createInternalRoles makes does, so that an older instance gets it too. */
export const preparedMark = "prepared 2";

/** What markPrepared left in this instance; empty when nothing was prepared. */
export async function readPreparedMark(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ mark: string }>(
    "select coalesce(obj_description(to_regnamespace('_mainstay'), 'pg_namespace'), '') as mark",
  );
  return rows[0]?.mark ?? "";
}

export async function markPrepared(client: ClientBase): Promise<void> {
  await client.query("create schema if not exists _mainstay");
  await client.query(`comment on schema _mainstay is ${escapeLiteral(preparedMark)}`);
}

export interface FirstTenant {
  readonly database: string;
  readonly admin: { readonly name: string; readonly verifier: string } | null;
}

/** The first database and its administrator; `connect` opens a session in another database. Repeatable. */
export async function createFirstTenant(
  client: ClientBase,
  { database, admin }: FirstTenant,
  connect: (database: string) => Promise<ClientBase & AsyncDisposable>,
): Promise<void> {
  const name = escapeIdentifier(database);
  if (admin) {
    if (!/^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(admin.verifier)) {
      throw new RangeError("the first user's password is not a SCRAM verifier");
    }
    if (/^(_rdb_|pg_)/.test(admin.name)) throw new RangeError("the first user's name is reserved");
    const attributes = `login createrole createdb password ${escapeLiteral(admin.verifier)}`;
    await createRole(client, admin.name, attributes);
    await client.query(`grant ${escapeIdentifier(adminGroup)} to ${escapeIdentifier(admin.name)}`);
  }
  const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
  if (rowCount === 0) await client.query(`create database ${name} owner ${escapeIdentifier(superuser)}`);
  if (!admin) return;
  await client.query(`grant all on database ${name} to ${escapeIdentifier(admin.name)} with grant option`);
  await using inside = await connect(database);
  await inside.query(`grant all on schema public to ${escapeIdentifier(admin.name)} with grant option`);
}

/** Leaves exactly the physical slots of `nodeIds`, as far as slots to drop are not in use. Repeatable. */
export async function setSlots(client: ClientBase, nodeIds: readonly string[]): Promise<void> {
  const wanted = nodeIds.map(slotName);
  await client.query(
    `select pg_create_physical_replication_slot(name, true) from unnest($1::text[]) as name
     where not exists (select from pg_replication_slots where slot_name = name)`,
    [wanted],
  );
  await client.query(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots
     where slot_type = 'physical' and not temporary and not active
       and slot_name ~ '^pg_[0-9a-f]{8}_[0-9]+$' and slot_name <> all($1::text[])`,
    [wanted],
  );
}

/** Makes the server read its configuration files again; it does so a moment later. */
export async function reloadSettings(client: ClientBase): Promise<void> {
  await client.query("select pg_reload_conf()");
}

/** Starts a promotion without waiting; watch readStatus. */
export async function startPromotion(client: ClientBase): Promise<void> {
  await client.query("select pg_promote(false)");
}
