import {
  ApiError,
  type ArgumentDetail,
  invalidArgument,
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
  encode = (body: object): object => body,
): FastifyReply {
  const known = toApiError(error);
  if (known.fault.type === "internal_error")
    log.error({ err: error, requestId: request.id }, "request failed");
  return reply.code(statusOfFault[known.fault.type]).send(encode({ message: known.message, ...known.fault }));
}

function toApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error;
  if (error.validation) return invalidArguments(toDetails(error.validation));
  if (error.statusCode === 413) return new ApiError({ type: "payload_too_large" }, "the body is too large");
  if (error.code === "FST_ERR_BAD_URL") {
    return invalidArgument("path", "must be percent-encoded correctly", "format");
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return invalidArgument("body", "must be valid JSON", "format");
  }
  return new ApiError({ type: "internal_error" }, "internal error; the log has it under the request id");
}

type Validation = NonNullable<FastifyError["validation"]>[number];

/** A long list may have one for each of its items; nobody reads them all. */
const mostProblems = 500;

/** One for each field: a value that fits none of several schemas is told the first one's rule. */
function toDetails(problems: readonly Validation[]): ArgumentDetail[] {
  const details = new Map<string, ArgumentDetail>();
  for (const problem of problems.slice(0, mostProblems)) {
    const detail = toDetail(problem);
    if (!details.has(detail.argument_name)) details.set(detail.argument_name, detail);
  }
  // A wrong item makes its list wrong too, which fits no schema and is no null: only the item is told.
  const names = [...details.keys()];
  const innermost = [...details.values()].filter(
    ({ argument_name: name }) => !names.some((other) => other.startsWith(`${name}.`)),
  );
  return innermost.slice(0, 20);
}

function toDetail({ instancePath, keyword, message, params }: Validation): ArgumentDetail {
  const path = instancePath.split("/").filter(Boolean).join(".");
  if (keyword === "required") {
    const name = typeof params.missingProperty === "string" ? params.missingProperty : "";
    const full = [path, name].filter(Boolean).join(".");
    return { argument_name: full, reason: "required", help_message: "is required" };
  }
  if (keyword === "enum" && Array.isArray(params.allowedValues)) {
    const words = params.allowedValues.filter(Boolean).join(", ");
    return { argument_name: path, reason: "constraint", help_message: `must be one of ${words}` };
  }
  const reason = keyword === "type" || keyword === "pattern" ? "format" : "constraint";
  return { argument_name: path || "body", reason, help_message: message ?? "is not allowed" };
}
