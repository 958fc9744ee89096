/** An error that is one clear line for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly fault: { readonly code: "refused" };
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = { code: "refused" };
  }
}
