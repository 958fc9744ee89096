/** What the other API has no field for. */
import { invalidArguments } from "@mainstay/api-contract/errors.ts";
import type { InstanceDetails, InstanceDetailsInput } from "@mainstay/api-contract/platform.ts";
import type { Actor, Platform } from "../platform.ts";
import { recordStatus } from "../store/events.ts";
import { type InstanceRecord, updateInstance } from "../store/instances.ts";
import type { InstanceRow } from "../store/schema.ts";
import { durabilityProblem, isDurability, isTimingPreset, timingProblem } from "./durability.ts";
import { changeInstance, getInstance } from "./find.ts";
import { progressOf } from "./view.ts";

export async function getDetails({ db, observed }: Platform, id: string, actor: Actor) {
  const record = await getInstance(db, id, actor);
  return toDetails(record, progressOf(record, observed));
}

/** A new generation for the agents. Also while the instance heals: a change may be what it waits for. */
export function updateDetails(
  platform: Platform,
  id: string,
  input: InstanceDetailsInput,
  actor: Actor,
): Promise<InstanceDetails> {
  const change = changeInstance(
    platform,
    id,
    actor,
    async (trx, { instance }) => {
      const wanted = parse(input, instance);
      const { durability, timing } = wanted;
      if (durability !== instance.durability || timing !== instance.timing) {
        const status = instance.status === "ready" ? ("configuring" as const) : instance.status;
        const generation = instance.generation + 1;
        await updateInstance(trx, instance.id, { ...wanted, status, status_reason: "accepted", generation });
        const reason = "durability or timing was changed";
        const inputs = { durability, timing, generation };
        await recordStatus(trx, instance.id, "configuring", reason, inputs);
        await platform.jobs.wake(trx, instance.id);
      }
      return getInstance(trx, instance.id, actor);
    },
    ["ready", "autohealing"],
  );
  return change.then((record) => toDetails(record, progressOf(record, platform.observed)));
}

function parse(input: InstanceDetailsInput, instance: InstanceRow) {
  const durability = input.durability || instance.durability;
  const timing = input.timing || instance.timing;
  const problems: [string, string | undefined][] = [
    ["durability", durabilityProblem(durability, instance.is_ha)],
    ["timing", timingProblem(timing)],
  ];
  const details = problems.flatMap(([argument_name, help_message]) =>
    help_message === undefined ? [] : [{ argument_name, help_message, reason: "constraint" as const }],
  );
  if (details.length > 0 || !isDurability(durability) || !isTimingPreset(timing)) {
    throw invalidArguments(details);
  }
  return { durability, timing };
}

function toDetails({ instance }: InstanceRecord, progress: ReturnType<typeof progressOf>): InstanceDetails {
  const { id, generation, durability, timing, admin_name: first_user } = instance;
  return { id, ...progress, first_user, generation, durability, timing };
}
