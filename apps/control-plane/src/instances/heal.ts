import type { InstanceDetails } from "@mainstay/api-contract/platform.ts";
import type { Actor, Platform } from "../platform.ts";
import { recordStatus } from "../store/events.ts";
import { clearReplacements } from "../store/replacements.ts";
import { getDetails } from "./details.ts";
import { getInstance } from "./find.ts";

/** An operator has looked: autohealing may replace nodes again. */
export async function allowHealing(platform: Platform, id: string, actor: Actor): Promise<InstanceDetails> {
  await platform.db.transaction().execute(async (trx) => {
    const { instance } = await getInstance(trx, id, actor);
    await clearReplacements(trx, instance.id);
    const reason = "an operator looked: nodes may be replaced again";
    await recordStatus(trx, instance.id, "heal", reason);
    await platform.jobs.wake(trx, instance.id);
  });
  return getDetails(platform, id, actor);
}
