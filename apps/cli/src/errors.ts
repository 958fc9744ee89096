/** An error that is one clear line for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** unreachable: the API did not answer; it may a moment later. missing: what was asked for is not there. */
  readonly fault: { readonly code: CommandFault };
  constructor(message: string, options?: ErrorOptions, code: CommandFault = "refused") {
    super(message, options);
    this.fault = { code };
  }
}

type CommandFault = "refused" | "unreachable" | "missing";

export function noPlatform(dir: string, advice = ""): CommandError {
  return new CommandError(`there is no platform in ${dir}${advice}`);
}
