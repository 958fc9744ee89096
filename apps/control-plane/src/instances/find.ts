import { ApiError, notFound } from "@mainstay/api-contract/errors.ts";
import type { Actor, Platform } from "../platform.ts";
import type { Database } from "../store/database.ts";
import { findInstance, type InstanceRecord, lockInstance } from "../store/instances.ts";
import { statusOf } from "./view.ts";

export const uuidPattern = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The actor's instance; anybody else's does not exist for them. */
export async function getInstance(db: Database, id: string, actor: Actor): Promise<InstanceRecord> {
  const record = await findOwnInstance(db, id, actor);
  if (!record) throw notFound("instance", id);
  return record;
}

/** For those who look for something else of it, and say so when there is none. */
export async function findOwnInstance(
  db: Database,
  id: string,
  actor: Actor,
): Promise<InstanceRecord | undefined> {
  const record = uuidPattern.test(id) ? await findInstance(db, id.toLowerCase()) : undefined;
  return record?.instance.organization_id === actor.organizationId ? record : undefined;
}

/** Runs `change` with the instance's row locked, if its status is one of those. */
export function changeInstance<T>(
  { db, observed }: Platform,
  id: string,
  actor: Actor,
  change: (trx: Database, record: InstanceRecord) => Promise<T>,
  allowed: readonly string[] = ["ready"],
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    if (!uuidPattern.test(id) || !(await lockInstance(trx, id, actor.organizationId))) {
      throw notFound("instance", id);
    }
    const record = await getInstance(trx, id, actor);
    const status = statusOf(record, observed);
    if (!allowed.includes(status)) throw transientState(id, status);
    return change(trx, record);
  });
}

function transientState(id: string, status: string): ApiError {
  return new ApiError(
    { type: "transient_state", resource: "instance", resource_id: id, current_state: status },
    `the instance is ${status}; wait until it is ready`,
  );
}
