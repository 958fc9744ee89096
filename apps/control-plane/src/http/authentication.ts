import { ApiError } from "@mainstay/api-contract/errors.ts";
import type { FastifyRequest } from "fastify";
import { uuidPattern } from "../instances/find.ts";
import { findApiKey } from "../store/api-keys.ts";
import type { Database } from "../store/database.ts";

/** Who calls, by the secret key in X-Auth-Token; only its hash is kept. */
export async function authenticate(request: FastifyRequest, db: Database): Promise<void> {
  const token = request.headers["x-auth-token"];
  if (typeof token !== "string" || !uuidPattern.test(token)) throw denied("invalid_argument");
  const key = await findApiKey(db, token);
  if (!key) throw denied("not_found");
  if (key.expires_at && key.expires_at.getTime() <= Date.now()) throw denied("expired");
  request.actor = { organizationId: key.organization_id, projectId: key.project_id };
}

const explanations = {
  invalid_argument: "the header X-Auth-Token must hold a secret key, which is a UUID",
  not_found: "the secret key in X-Auth-Token is not known",
  expired: "the API key has expired",
};

function denied(reason: keyof typeof explanations): ApiError {
  return new ApiError({ type: "denied_authentication", method: "api_key", reason }, explanations[reason]);
}
