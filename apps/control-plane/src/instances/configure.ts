/** Changes that the balancer has to follow: allowed ranges and the endpoint. */
import { randomUUID } from "node:crypto";
import { type AclRuleInput, canonicalRange } from "@mainstay/api-contract/acls.ts";
import { labelProblem } from "@mainstay/api-contract/credentials.ts";
import type { EndpointSpecInput } from "@mainstay/api-contract/endpoints.ts";
import { ApiError, invalidArgument, notFound } from "@mainstay/api-contract/errors.ts";
import type { Actor, Platform } from "../platform.ts";
import { putRules, type Rule, removeRules } from "../store/acl-rules.ts";
import type { Database } from "../store/database.ts";
import { deleteEndpointRow, findEndpointRow, insertEndpoint } from "../store/endpoints.ts";
import { recordStatus } from "../store/events.ts";
import { type InstanceRecord, updateInstance } from "../store/instances.ts";
import type { InstanceRow } from "../store/schema.ts";
import { changeInstance, findOwnInstance, getInstance, uuidPattern } from "./find.ts";

export function addRules(platform: Platform, id: string, input: readonly AclRuleInput[], actor: Actor) {
  const rules = parseRules(input);
  return configure(platform, id, actor, (trx, record) => putRules(trx, record.instance.id, rules));
}

export function replaceRules(platform: Platform, id: string, input: readonly AclRuleInput[], actor: Actor) {
  const rules = parseRules(input);
  return configure(platform, id, actor, async (trx, { instance }) => {
    await removeRules(trx, instance.id);
    await putRules(trx, instance.id, rules);
  });
}

/** Answers with the rules that were removed; ranges that are not there are no error. */
export async function deleteRules(platform: Platform, id: string, ips: readonly string[], actor: Actor) {
  const ranges = ips.map((ip, index) => parseRange(ip, `acl_rule_ips.${index}`));
  let removed: InstanceRecord["rules"] = [];
  const record = await configure(platform, id, actor, async (trx, { instance }) => {
    removed = await removeRules(trx, instance.id, ranges);
  });
  return { ...record, rules: removed };
}

export function addEndpoint(platform: Platform, id: string, spec: EndpointSpecInput, actor: Actor) {
  if (!spec.load_balancer || spec.private_network) {
    throw invalidArgument("endpoint_spec", "only load_balancer is offered");
  }
  return configure(platform, id, actor, async (trx, { instance, endpoint }) => {
    if (endpoint) throw invalidArgument("endpoint_spec", "the instance has a load_balancer endpoint already");
    const port = await insertEndpoint(trx, randomUUID(), instance.id, platform.endpointPorts);
    if (port === undefined)
      throw new ApiError({ type: "out_of_stock", resource: "endpoint" }, "no port left");
  });
}

export async function findEndpoint(db: Database, endpointId: string, actor: Actor): Promise<InstanceRecord> {
  const row = uuidPattern.test(endpointId) ? await findEndpointRow(db, endpointId) : undefined;
  const record = row && (await findOwnInstance(db, row.instance_id, actor));
  if (!record) throw notFound("endpoint", endpointId);
  return record;
}

export async function deleteEndpoint(platform: Platform, endpointId: string, actor: Actor): Promise<void> {
  const { instance } = await findEndpoint(platform.db, endpointId, actor);
  await configure(platform, instance.id, actor, (trx) => deleteEndpointRow(trx, endpointId));
}

function configure(
  platform: Platform,
  id: string,
  actor: Actor,
  change: (trx: Database, record: InstanceRecord) => Promise<unknown>,
): Promise<InstanceRecord> {
  return changeInstance(platform, id, actor, async (trx, record) => {
    await change(trx, record);
    const changes = configuring(record.instance);
    await updateInstance(trx, record.instance.id, changes);
    const reason = "a change of endpoint or allowed ranges was asked for";
    const inputs = { generation: changes.generation };
    await recordStatus(trx, id, "configuring", reason, inputs);
    await platform.jobs.wake(trx, record.instance.id);
    return getInstance(trx, record.instance.id, actor);
  });
}

function configuring({ generation }: InstanceRow) {
  return { status: "configuring", status_reason: "accepted", generation: generation + 1 } as const;
}

function parseRules(input: readonly AclRuleInput[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const [index, { ip, description }] of input.entries()) {
    const range = parseRange(ip, `rules.${index}.ip`);
    const problem = labelProblem(description ?? "");
    if (problem !== undefined) throw invalidArgument(`rules.${index}.description`, problem);
    rules.set(range, { ip: range, description: description || "IP allowed" });
  }
  return [...rules.values()];
}

function parseRange(ip: string, field: string): string {
  const range = canonicalRange(ip);
  if (range === undefined)
    throw invalidArgument(field, "must be an IPv4 range such as 192.0.2.0/24", "format");
  return range;
}
