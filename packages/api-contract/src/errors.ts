/** Errors as they travel: the `type` decides the HTTP status and which other fields there are. */
import { type Static, Type } from "typebox";

const ArgumentDetail = Type.Object({
  argument_name: Type.String(),
  reason: Type.Union([
    Type.Literal("unknown"),
    Type.Literal("required"),
    Type.Literal("format"),
    Type.Literal("constraint"),
  ]),
  help_message: Type.String(),
});
export type ArgumentDetail = Static<typeof ArgumentDetail>;

const resource = { resource: Type.String(), resource_id: Type.String() };

const WireFault = Type.Union([
  Type.Object({ type: Type.Literal("invalid_arguments"), details: Type.Array(ArgumentDetail) }),
  Type.Object({
    type: Type.Literal("denied_authentication"),
    method: Type.Literal("api_key"),
    reason: Type.Union([
      Type.Literal("invalid_argument"),
      Type.Literal("not_found"),
      Type.Literal("expired"),
    ]),
  }),
  Type.Object({
    type: Type.Literal("permissions_denied"),
    details: Type.Array(Type.Object({ resource: Type.String(), action: Type.String() })),
  }),
  Type.Object({ type: Type.Literal("not_found"), ...resource }),
  Type.Object({ type: Type.Literal("transient_state"), ...resource, current_state: Type.String() }),
  Type.Object({ type: Type.Literal("already_exists"), ...resource, help_message: Type.String() }),
  Type.Object({
    type: Type.Literal("precondition_failed"),
    precondition: Type.Union([Type.Literal("unknown_precondition"), Type.Literal("resource_still_in_use")]),
    help_message: Type.String(),
  }),
  Type.Object({ type: Type.Literal("out_of_stock"), resource: Type.String() }),
  Type.Object({ type: Type.Literal("not_implemented") }),
  Type.Object({ type: Type.Literal("payload_too_large") }),
  Type.Object({ type: Type.Literal("internal_error") }),
]);
type WireFault = Static<typeof WireFault>;

export const statusOfFault = {
  invalid_arguments: 400,
  denied_authentication: 401,
  permissions_denied: 403,
  not_found: 404,
  transient_state: 409,
  already_exists: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  internal_error: 500,
  not_implemented: 501,
  out_of_stock: 503,
} satisfies Record<WireFault["type"], number>;

/** The body of every error answer. */
export const ErrorBody = Type.Object(
  { message: Type.String(), type: Type.Optional(Type.String()) },
  { additionalProperties: true },
);

/** A refusal that is told to the caller as it is. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly fault: WireFault;
  constructor(fault: WireFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

export function invalidArguments(details: readonly ArgumentDetail[]): ApiError {
  const first = details[0];
  const message = first ? `${first.argument_name}: ${first.help_message}` : "invalid arguments";
  return new ApiError({ type: "invalid_arguments", details: [...details] }, message);
}

export function invalidArgument(
  argument_name: string,
  help_message: string,
  reason: ArgumentDetail["reason"] = "constraint",
): ApiError {
  return invalidArguments([{ argument_name, reason, help_message }]);
}

export function notFound(resourceKind: string, id: string): ApiError {
  return new ApiError(
    { type: "not_found", resource: resourceKind, resource_id: id },
    "resource is not found",
  );
}
