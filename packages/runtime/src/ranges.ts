/** IPv4 ranges in CIDR notation. */
import { BlockList, isIPv4 } from "node:net";

/** Throws on what is no range: these go into files and commands of HAProxy. */
export function checkRange(range: string): void {
  const [address = "", bits = ""] = range.split("/");
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) {
    throw new RangeError(`not an IPv4 range: ${JSON.stringify(range)}`);
  }
}

/** Whether an address is in one of the ranges. */
export function allows(ranges: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), "ipv4");
  }
  return list.check(address, "ipv4");
}
