import {
  ApiError,
  type ArgumentDetail,
  invalidArguments,
  statusOfFault,
} from "@mainstay/api-contract/errors.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

/** Every error leaves in the wire's shape; what is nobody's business stays in the log. */
export function handleError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const known = toApiError(error);
  if (known.fault.type === "internal_error")
    log.error({ err: error, requestId: request.id }, "request failed");
  return reply.code(statusOfFault[known.fault.type]).send({ message: known.message, ...known.fault });
}

function toApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error;
  if (error.validation) return invalidArguments(error.validation.slice(0, 20).map(toDetail));
  if (error.statusCode === 413) return new ApiError({ type: "payload_too_large" }, "the body is too large");
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return invalidArguments([
      { argument_name: "body", reason: "format", help_message: "must be valid JSON" },
    ]);
  }
  return new ApiError({ type: "internal_error" }, "internal error; the log has it under the request id");
}

type Validation = NonNullable<FastifyError["validation"]>[number];

function toDetail({ instancePath, keyword, message, params }: Validation): ArgumentDetail {
  const path = instancePath.split("/").filter(Boolean).join(".");
  if (keyword === "required") {
    const name = typeof params.missingProperty === "string" ? params.missingProperty : "";
    const full = [path, name].filter(Boolean).join(".");
    return { argument_name: full, reason: "required", help_message: "is required" };
  }
  const reason = keyword === "type" || keyword === "pattern" ? "format" : "constraint";
  return { argument_name: path || "body", reason, help_message: message ?? "is not allowed" };
}
