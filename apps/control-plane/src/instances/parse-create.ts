/** The rules for a new instance, all broken ones told together. */
import { labelProblem, passwordProblem, userNameProblem } from "@mainstay/api-contract/credentials.ts";
import { engineName, parseEngineName } from "@mainstay/api-contract/engines.ts";
import { type ArgumentDetail, invalidArguments } from "@mainstay/api-contract/errors.ts";
import type { CreateInstanceInput } from "@mainstay/api-contract/instances.ts";
import { findPlan, type Plan } from "@mainstay/api-contract/plans.ts";
import type { Durability } from "@mainstay/domain/cluster.ts";
import type { TimingPreset } from "@mainstay/domain/timing.ts";
import { durabilityProblem, isDurability, isTimingPreset, timingProblem } from "./durability.ts";
import { uuidPattern } from "./find.ts";

export interface NewInstance {
  readonly name: string | undefined;
  readonly engineMajor: number;
  readonly plan: Plan;
  readonly isHa: boolean;
  readonly tags: string[];
  readonly durability: Durability;
  readonly timing: TimingPreset;
  readonly admin: { readonly name: string; readonly password: string } | undefined;
}

/** Throws ApiError naming each field and the rule it breaks. `majors`: the versions that can be had. */
export function parseCreate(input: CreateInstanceInput, majors: readonly number[]): NewInstance {
  const problems: ArgumentDetail[] = [];
  const refuse = (
    field: string,
    help: string | undefined,
    reason: ArgumentDetail["reason"] = "constraint",
  ) => {
    if (help !== undefined) problems.push({ argument_name: field, reason, help_message: help });
  };
  const engineMajor = parseEngineName(input.engine);
  const plan = findPlan(input.node_type);
  refuse("name", labelProblem(input.name ?? ""));
  if (engineMajor === undefined || !majors.includes(engineMajor)) {
    refuse("engine", `must be one of ${majors.map(engineName).join(", ")}`);
  }
  if (!plan || plan.isDisabled) refuse("node_type", "is not a node type; list them with GET /node-types");
  checkTags(input.tags ?? [], refuse);
  checkFirstUser(input, refuse);
  const isHa = isHighlyAvailable(input);
  const durability = input.durability || "available";
  const timing = input.timing || "fast";
  refuse("durability", durabilityProblem(durability, isHa));
  refuse("timing", timingProblem(timing));
  checkUnsupported(input, refuse);
  if (problems.length > 0 || !plan || engineMajor === undefined) throw invalidArguments(problems);
  if (!isDurability(durability) || !isTimingPreset(timing)) throw new Error("BUG: refused above");
  const { name, user_name: user, password } = input;
  return {
    name: name || undefined,
    engineMajor,
    plan,
    isHa,
    durability,
    timing,
    tags: input.tags ?? [],
    admin: user && password ? { name: user, password } : undefined,
  };
}

function isHighlyAvailable({ is_ha_cluster: flag, high_availability_mode: mode }: CreateInstanceInput) {
  return flag === true || mode === "single_zone" || mode === "multiple_zone";
}

type Refuse = (field: string, help: string | undefined, reason?: ArgumentDetail["reason"]) => void;

function checkTags(tags: readonly string[], refuse: Refuse): void {
  for (const tag of tags) refuse("tags", labelProblem(tag));
}

/** Both may be empty: an instance without a user. */
function checkFirstUser({ user_name: name, password }: CreateInstanceInput, refuse: Refuse): void {
  if (!name && !password) return;
  refuse(
    "user_name",
    name ? userNameProblem(name) : "is required with a password",
    name ? "constraint" : "required",
  );
  refuse(
    "password",
    password ? passwordProblem(password) : "is required",
    password ? "constraint" : "required",
  );
}

const modes = ["", "unknown_high_availability_mode", "disabled", "single_zone", "multiple_zone"];

function checkUnsupported(input: CreateInstanceInput, refuse: Refuse): void {
  if (!["", "lssd", "unknown_volume_type"].includes(input.volume_type ?? "")) {
    refuse("volume_type", "only lssd is offered");
  }
  if (!modes.includes(input.high_availability_mode ?? "")) {
    refuse("high_availability_mode", `must be one of ${modes.slice(1).join(", ")}`);
  }
  if (input.encryption?.enabled) refuse("encryption", "encryption at rest is not offered");
  if ((input.init_settings ?? []).length > 0) refuse("init_settings", "PostgreSQL has none");
  const endpoints = input.init_endpoints ?? [];
  if (endpoints.some(({ private_network }) => private_network)) {
    refuse("init_endpoints", "private networks are not offered");
  }
  if (endpoints.some((endpoint) => !endpoint.private_network && !endpoint.load_balancer)) {
    refuse("init_endpoints", "each is a load_balancer or a private_network");
  }
  if (!/^\d{0,15}$/.test(String(input.volume_size ?? ""))) {
    refuse("volume_size", "must be a number of bytes", "format");
  }
  if (endpoints.length > 1) refuse("init_endpoints", "at most one load_balancer endpoint");
  if (input.project_id && !uuidPattern.test(input.project_id)) {
    refuse("project_id", "must be a UUID", "format");
  }
}
