/** Numbers on the command lines of what is started by hand. */

/** Ends the process with the option's name and its rule when it is no such number. */
export function wholeNumber(option: string, text: string, least = 0): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${option} must be a whole number from ${least} on, and is ${text}`);
}

export function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  return value > 0 && value < Number.POSITIVE_INFINITY
    ? value
    : refuse(`--${option} must be a number above 0, and is ${text}`);
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}
