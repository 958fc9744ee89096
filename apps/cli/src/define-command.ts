import { Command } from "commander";
import { directoryDefault } from "./config.ts";

/** What commander says of words it does not know, like every other error: in one line. */
export const oneLine = {
  outputError: (text: string, write: (line: string) => void) =>
    write(
      `mainstay: ${text
        .trim()
        .replace(/^error: /, "")
        .replaceAll(/\s*\n\s*/g, " ")}\n`,
    ),
};

/** A command of the platform in a directory. */
export function at(name: string, description: string): Command {
  return new Command(name)
    .configureOutput(oneLine)
    .description(description)
    .exitOverride()
    .option("--dir <dir>", "the platform's directory (or MAINSTAY_DIR)", directoryDefault);
}

/** One that can print JSON as well. */
export function read(name: string, description: string): Command {
  return at(name, description).option("--json", "only JSON on standard output");
}
