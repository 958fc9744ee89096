/** An error that is one clear line for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** unreachable: the API did not answer; it may a moment later. */
  readonly fault: { readonly code: "refused" | "unreachable" };
  constructor(message: string, options?: ErrorOptions, code: "refused" | "unreachable" = "refused") {
    super(message, options);
    this.fault = { code };
  }
}
