/** What options with a form are given as; anything else is refused in a sentence. */
import { isIPv4 } from "node:net";
import { InvalidArgumentError } from "commander";

export function parseListen(text: string): { address: string; port: number } {
  const [, address = "", digits] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  // Only the machine itself: the API speaks plain HTTP, and new instances let every address in.
  if (!isIPv4(address) || !address.startsWith("127.") || !(port >= 1 && port <= 65_535))
    throw new InvalidArgumentError("It is a loopback address and a port, such as 127.0.0.1:8400.");
  return { address, port };
}

export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ""];
  if (!match || unitMs === undefined)
    throw new InvalidArgumentError("It is a time such as 90s, 10m, 2h or 1d.");
  return Number(match[1]) * unitMs;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 50)
    throw new InvalidArgumentError("It is a number from 1 to 50.");
  return count;
}

export function parseMembers(text: string): number {
  if (text !== "1" && text !== "3") throw new InvalidArgumentError("It is 1 or 3.");
  return Number(text);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400)
    throw new InvalidArgumentError("It is a number of seconds from 1 to 86400.");
  return seconds;
}
