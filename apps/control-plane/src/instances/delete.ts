import { notFound } from "@mainstay/api-contract/errors.ts";
import type { Actor, Platform } from "../platform.ts";
import { type InstanceRecord, lockInstance, updateInstance } from "../store/instances.ts";
import { getInstance, uuidPattern } from "./find.ts";

/** In any state; deleting twice is the same as once. */
export function deleteInstance(platform: Platform, id: string, actor: Actor): Promise<InstanceRecord> {
  return platform.db.transaction().execute(async (trx) => {
    const row = uuidPattern.test(id) ? await lockInstance(trx, id, actor.organizationId) : undefined;
    if (!row) throw notFound("instance", id);
    const changes = {
      status: "deleting",
      status_reason: "accepted",
      generation: row.generation + 1,
    } as const;
    if (row.status !== "deleting") await updateInstance(trx, row.id, changes);
    await platform.jobs.wake(trx, row.id);
    return getInstance(trx, row.id, actor);
  });
}
