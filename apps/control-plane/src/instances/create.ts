import { randomBytes, randomUUID } from "node:crypto";
import { ApiError } from "@mainstay/api-contract/errors.ts";
import type { CreateInstanceInput } from "@mainstay/api-contract/instances.ts";
import { scramVerifier } from "@mainstay/postgres/scram.ts";
import type { Actor, Platform } from "../platform.ts";
import { choosePlacements } from "../reconcile/instance/place.ts";
import { putRules } from "../store/acl-rules.ts";
import type { Database } from "../store/database.ts";
import { insertEndpoint } from "../store/endpoints.ts";
import { recordStatus } from "../store/events.ts";
import { type InstanceRecord, insertInstance } from "../store/instances.ts";
import { getInstance } from "./find.ts";
import { type NewInstance, parseCreate } from "./parse-create.ts";

const limitMs = 10_000;

/** Records the desired instance, generation 1, and wakes its reconciler; the rest follows. */
export async function createInstance(
  platform: Platform,
  input: CreateInstanceInput,
  actor: Actor,
): Promise<InstanceRecord> {
  const signal = AbortSignal.timeout(limitMs);
  const engines = await platform.compute.engines(signal);
  const wanted = parseCreate(
    input,
    engines.map(({ major }) => major),
  );
  const projectId = input.project_id || actor.projectId;
  const organizationId = input.organization_id || actor.organizationId;
  if (projectId.toLowerCase() !== actor.projectId || organizationId.toLowerCase() !== actor.organizationId) {
    throw projectDenied();
  }
  const id = randomUUID();
  if (!choosePlacements(await platform.compute.hosts(signal), id, [], wanted.isHa ? 2 : 1)) {
    throw outOfStock("host", "there are not enough running hosts to keep its nodes apart");
  }
  const { admin } = wanted;
  const verifier = admin ? await scramVerifier(admin.password) : null;
  return platform.db.transaction().execute(async (trx) => {
    await insertDesired(trx, id, wanted, verifier, input, platform, actor);
    await platform.jobs.wake(trx, id);
    return getInstance(trx, id, actor);
  });
}

async function insertDesired(
  trx: Database,
  id: string,
  { name, engineMajor, plan, isHa, durability, timing, tags, admin }: NewInstance,
  verifier: string | null,
  input: CreateInstanceInput,
  { region, endpointPorts }: Platform,
  actor: Actor,
): Promise<void> {
  const preferences = {
    backupFrequencyHours: 24,
    backupRetentionDays: 7,
    isBackupDisabled: input.disable_backup ?? false,
    isBackupSameRegion: input.backup_same_region ?? false,
    logsMaxAgeDays: 30,
    logsMaxBytes: null,
  };
  await insertInstance(trx, {
    id,
    name: name ?? `ins-${randomBytes(4).toString("hex")}`,
    organization_id: actor.organizationId,
    project_id: actor.projectId,
    region,
    engine_major: engineMajor,
    plan: plan.name,
    is_ha: isHa,
    durability,
    timing,
    tags,
    preferences: JSON.stringify(preferences),
    status: "provisioning",
    status_reason: "accepted",
    generation: 1,
    admin_name: admin?.name ?? null,
    admin_verifier: verifier,
    ready_at: null,
  });
  if ((await insertEndpoint(trx, randomUUID(), id, endpointPorts)) === undefined) {
    throw outOfStock("endpoint", "every port for endpoints is taken");
  }
  await putRules(trx, id, [{ ip: "0.0.0.0/0", description: "Allow All" }]);
  const inputs = { plan: plan.name, engineMajor, isHa };
  const reason = "creation was asked for";
  await recordStatus(trx, id, "provisioning", reason, inputs);
}

function outOfStock(resource: string, message: string): ApiError {
  return new ApiError({ type: "out_of_stock", resource }, message);
}

function projectDenied(): ApiError {
  return new ApiError(
    { type: "permissions_denied", details: [{ resource: "instance", action: "write" }] },
    "the API key is of another project or organization",
  );
}
